// The frame of the page: the map large in the middle, the sample beside it, the drawer below; one column on a narrow
// screen.

import {make, setAttributes} from "../components/dom.js"
import {Drawer} from "./drawer.js"
import {find, skipLink} from "./skip_link.js"
import {followSystemTheme} from "./theme.js"
import {followUndoKeys, Notice} from "./undo/undo_keys.js"
import {UntrainedBand} from "./untrained_band.js"

const NARROW = 800 // pixels
const ROOM_FOR_SIDEBAR = 1000 // pixels
const FIRST_WAIT = 500 // ms until a server that does not answer is asked again; doubled each time
const LONGEST_WAIT = 8000 // ms
const LOST =
  "The connection to the server was lost; this page loads anew as soon as it is back. A training goes on there; one that ended with the server is offered to be gone on with."

export function render({model, el}) {
  const root = make("div", "bench")
  const banner = new Banner(model)
  const map = make("div", "map")
  const side = make("div", "side")
  setAttributes(side, {role: "region", "aria-label": "Sample and code", tabindex: 0}) // it scrolls by key
  const drawer = new Drawer(model)
  drawer.onChange = () => {
    root.classList.toggle("open", model.open)
    root.dataset.tab = model.tab
  }
  const band = new UntrainedBand(model)
  map.append(model.get_child("map"), model.get_child("channel"), band.root)
  model.on("untrained", () => band.show())
  band.show()
  side.append(model.get_child("side"))
  const notice = new Notice(model)
  map.append(notice.root)
  model.on("notice", () => notice.show())
  const legend = make("div", "legend")
  legend.append(model.get_child("legend"))
  root.append(banner.root, map, legend, side, drawer.root)
  followUndoKeys(model, el, pageOf(model) !== undefined)
  followWidth(model)
  model.on("error", () => banner.show(model.error))
  banner.show(model.error)
  el.append(root)
  if (pageOf(model) !== undefined) {
    arrangePage(model, el, map)
  }
  model.on(["open", "tab", "counts"], () => drawer.show())
  drawer.show()
  exchangeTokens(model)
  keepCookie(model.cookie)
  model.document.on_event("connection_lost", () => {
    banner.show(LOST)
    reloadOnceBack()
  })
}

// What is around the workbench on a page of its own.
function arrangePage(model, el, map) {
  const page = pageOf(model)
  if (window.innerWidth < ROOM_FOR_SIDEBAR) {
    page.sidebar_open = false // it would lie over the map: it waits behind its button
  }
  followSystemTheme(page)
  nameSidebar(page, el)
  const link = skipLink("Skip to the map", () => find(map, "[role=application]"))
  model.on("remove", () => link.remove())
}

// On a narrow screen Material's sidebar is a dialog, to which it gives no name.
function nameSidebar(page, el) {
  const name = () => {
    const sidebar = el.getRootNode().host.getRootNode().querySelector(".sidebar[role=dialog]")
    sidebar?.setAttribute("aria-label", "Controls")
  }
  page.properties.sidebar_open.change.connect(() => requestAnimationFrame(() => requestAnimationFrame(name)))
  name()
}

// In one column the drawer is a sheet over the page: it stays closed until a tab is pressed.
function followWidth(model) {
  const column = window.matchMedia(`(max-width: ${NARROW}px)`)
  const follow = () => {
    model.narrow = column.matches
  }
  column.addEventListener("change", follow)
  model.on("remove", () => column.removeEventListener("change", follow))
  if (column.matches) {
    model.open = false
  }
  follow()
}

class Banner {
  constructor(model) {
    this.root = make("div", "banner")
    this.root.setAttribute("role", "alert")
    this.sentence = make("span")
    const dismiss = make("button", "", "×")
    dismiss.type = "button"
    dismiss.setAttribute("aria-label", "Dismiss the message")
    dismiss.addEventListener("click", () => {
      model.error = ""
    })
    this.root.append(this.sentence, dismiss)
  }

  show(sentence) {
    this.sentence.textContent = sentence
    this.root.classList.toggle("lx-error", sentence !== "")
    this.root.hidden = sentence === ""
  }
}

// What is around the workbench on a page of its own; a notebook has none.
const pageOf = (model) => model.document.roots().find((root) => root.class_name === "Page")?.data

// A page whose connection has gone shows nothing new and does nothing: it is loaded anew once the server answers.
async function reloadOnceBack(wait = FIRST_WAIT) {
  const answered = await fetch(location.href, {method: "HEAD", cache: "no-store"}).then(
    ({status}) => status < 500,
    () => false,
  )
  if (answered) {
    location.reload()
  } else {
    setTimeout(() => reloadOnceBack(Math.min(2 * wait, LONGEST_WAIT)), wait)
  }
}

// The next page of this tab finds its training again, after a reload or a lost connection: the tab keeps the token
// that it was given, for as long as it is open and for no other tab.
function exchangeTokens(model) {
  const key = `latent-explorer ${location.pathname}`
  model.on("token", () => withStorage((storage) => storage.setItem(key, model.token)))
  model.visit = `tab:${withStorage((storage) => storage.getItem(key))}`
}

// By this cookie the server knows whose last view to bring back. It goes to this app alone.
function keepCookie(value) {
  if (value !== "") {
    const year = 365 * 24 * 3600
    document.cookie = `latent-explorer-user=${value}; path=${location.pathname}; max-age=${year}; samesite=lax`
  }
}

// Storage may be switched off in a browser: then nothing is kept, and nothing is found again.
function withStorage(act) {
  try {
    return act(window.sessionStorage) ?? ""
  } catch {
    return ""
  }
}
