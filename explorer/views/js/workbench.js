// The frame of the page: the map large in the middle, the sample beside it, the drawer below; one column on
// a narrow screen. The drawer's handle opens and closes it, and so does the server when a training starts.

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
  const handle = document.createElement("button")
  handle.type = "button"
  handle.className = "handle lx-drawer"
  const content = document.createElement("div")
  content.className = "content"
  drawer.append(handle, content)
  map.append(model.get_child("map"), model.get_child("channel"))
  side.append(model.get_child("side"))
  content.append(model.get_child("drawer"))
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

  const show = () => {
    root.classList.toggle("open", model.open)
    handle.setAttribute("aria-expanded", model.open)
    handle.textContent = model.open ? "▾ Training charts" : "▸ Training charts"
  }
  handle.addEventListener("click", () => { model.open = !model.open })
  // On a narrow screen the sidebar would lie over the map: it waits behind its button.
  if (window.innerWidth <= 800) {
    for (const root of model.document.roots()) {
      if (root.class_name === "Page") {
        root.data.sidebar_open = false
      }
    }
  }
  model.on("open", show)
  show()
}
