// The frame of the page: the map large in the middle, the sample beside it, the drawer below; one column on
// a narrow screen. The drawer's handle opens and closes it, a press on a tab opens it there, and so does the
// server when a training starts. Arrow keys go along the tabs; what is on one is made when it is opened first.

export function render({model, el}) {
  const root = document.createElement("div")
  root.className = "bench"
  const area = (name) => {
    const element = document.createElement("div")
    element.className = name
    root.append(element)
    return element
  }
  const banner = area("banner"), map = area("map"), side = area("side"), drawer = area("drawer")
  const {strip, content, show} = tabbed(model, root)
  drawer.append(strip, content)
  const time = document.createElement("div")
  time.className = "epochs"
  time.append(model.get_child("time"))
  strip.append(time)
  map.append(model.get_child("map"), model.get_child("channel"))
  side.append(model.get_child("side"))
  const sentence = document.createElement("span")
  const dismiss = document.createElement("button")
  dismiss.type = "button"
  dismiss.textContent = "×"
  dismiss.setAttribute("aria-label", "Dismiss the message")
  dismiss.addEventListener("click", () => { model.error = "" })
  const warn = () => {
    sentence.textContent = model.error
    banner.classList.toggle("lx-error", model.error !== "")
    banner.hidden = model.error === ""
  }
  banner.setAttribute("role", "alert")
  banner.append(sentence, dismiss)
  model.on("error", warn)
  warn()
  el.append(root)

  // On a narrow screen the sidebar would lie over the map: it waits behind its button.
  if (window.innerWidth <= 800) {
    for (const root of model.document.roots()) {
      if (root.class_name === "Page") {
        root.data.sidebar_open = false
      }
    }
  }
  model.on(["open", "tab", "counts"], show)
  show()
  returned(model)
  model.document.on_event("connection_lost", () => {
    sentence.textContent = LOST
    banner.classList.add("lx-error")
    banner.hidden = false
    comeBack()
  })
}

const LOST = "The connection to the server was lost; this page loads anew as soon as it is back. A training goes on there; one that ended with the server is offered to be gone on with."

// A page whose connection has gone shows nothing new and does nothing: it is loaded anew once anybody answers.
async function comeBack(wait = 500) {
  const answered = await fetch(location.href, {method: "HEAD", cache: "no-store"}).then(({status}) => status < 500, () => false)
  if (answered) {
    location.reload()
  } else {
    setTimeout(() => comeBack(Math.min(2 * wait, 8000)), wait)
  }
}

// What this tab trains is found again by its next page, after a reload or a lost connection: the tab keeps
// the token that it was given, for as long as it is open and for nobody else.
function returned(model) {
  const key = `latent-explorer ${location.pathname}`
  const kept = (act) => {
    try {
      return act(window.sessionStorage) ?? ""
    } catch {   // switched off in this browser: then nothing is found again
      return ""
    }
  }
  model.on("token", () => kept((storage) => storage.setItem(key, model.token)))
  model.visit = `tab:${kept((storage) => storage.getItem(key))}`
}

function tabbed(model, root) {
  const strip = document.createElement("div")
  strip.className = "strip"
  const handle = document.createElement("button")
  handle.type = "button"
  handle.className = "handle lx-drawer"
  handle.title = "Open or close the drawer"
  handle.addEventListener("click", () => { model.open = !model.open })
  const list = document.createElement("div")
  list.className = "tabs"
  list.setAttribute("role", "tablist")
  list.setAttribute("aria-label", "Drawer")
  strip.append(handle, list)
  const content = document.createElement("div")
  content.className = "content"

  const tabs = model.tabs.map(([name, title]) => {
    const tab = document.createElement("button")
    tab.type = "button"
    tab.id = `tab-${name}`
    tab.className = `tab lx-tab-${name}`
    tab.textContent = title
    tab.setAttribute("role", "tab")
    tab.setAttribute("aria-controls", `panel-${name}`)
    tab.addEventListener("click", () => {
      model.tab = name
      model.open = true
      if (window.innerWidth <= 800) {   // in one column what opens lies below what is seen
        strip.scrollIntoView({block: "start"})
      }
    })
    const panel = document.createElement("div")
    panel.id = `panel-${name}`
    panel.className = "panel"
    panel.setAttribute("role", "tabpanel")
    panel.setAttribute("aria-labelledby", tab.id)
    panel.append(model.get_child(name))
    list.append(tab)
    content.append(panel)
    return {name, title, tab, panel}
  })
  list.addEventListener("keydown", (event) => {
    const at = tabs.findIndex(({tab}) => tab === event.target), last = tabs.length - 1
    const to = {ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at > 0 ? at - 1 : last, Home: 0, End: last}[event.key]
    if (to !== undefined) {
      event.preventDefault()
      tabs.forEach(({tab}, i) => { tab.tabIndex = i === to ? 0 : -1 })
      tabs[to].tab.focus()
    }
  })

  const show = () => {
    root.classList.toggle("open", model.open)
    root.dataset.tab = model.tab
    handle.setAttribute("aria-expanded", model.open)
    handle.setAttribute("aria-label", model.open ? "Close the drawer" : "Open the drawer")
    handle.textContent = model.open ? "▾" : "▸"
    for (const {name, title, tab, panel} of tabs) {
      tab.textContent = model.counts[name] ? `${title} (${model.counts[name]})` : title
      tab.setAttribute("aria-selected", model.open && model.tab === name)
      tab.tabIndex = model.tab === name ? 0 : -1
      panel.hidden = !model.open || model.tab !== name
    }
  }
  return {strip, content, show}
}
