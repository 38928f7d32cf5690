// The drawer of tabs. Its handle opens and closes it, a press on a tab opens it there, and so does the server when a
// training starts. Arrow keys go along the tabs.

import {make, setAttributes} from "../components/dom.js"

export class Drawer {
  constructor(model) {
    this.model = model
    this.onChange = () => {}
    this.handle = make("button", "handle lx-drawer")
    this.handle.type = "button"
    this.handle.title = "Open or close the drawer"
    this.handle.addEventListener("click", () => {
      model.open = !model.open
    })
    const list = setAttributes(make("div", "tabs"), {role: "tablist", "aria-label": "Drawer"})
    const time = make("div", "epochs")
    time.append(model.get_child("time"))
    this.strip = make("div", "strip")
    this.strip.append(this.handle, list, time)
    const content = make("div", "content")
    this.tabs = model.tabs.map(([name, title]) => this.tab(name, title))
    list.append(...this.tabs.map(({tab}) => tab))
    content.append(...this.tabs.map(({panel}) => panel))
    list.addEventListener("keydown", (event) => this.onKey(event))
    this.root = make("div", "drawer")
    this.root.append(this.strip, content)
  }

  tab(name, title) {
    const {model} = this
    const tab = make("button", `tab lx-tab-${name}`, title)
    tab.type = "button"
    tab.id = `tab-${name}`
    setAttributes(tab, {role: "tab", "aria-controls": `panel-${name}`})
    tab.addEventListener("click", () => {
      model.tab = name
      model.open = true
    })
    const panel = make("div", "panel")
    panel.id = `panel-${name}`
    setAttributes(panel, {role: "tabpanel", "aria-labelledby": tab.id})
    panel.append(model.get_child(name))
    return {name, title, tab, panel}
  }

  onKey(event) {
    const {tabs} = this
    const at = tabs.findIndex(({tab}) => tab === event.target)
    const last = tabs.length - 1
    const next = at < last ? at + 1 : 0
    const previous = at > 0 ? at - 1 : last
    const to = {ArrowRight: next, ArrowLeft: previous, Home: 0, End: last}[event.key]
    if (to !== undefined) {
      event.preventDefault()
      tabs.forEach(({tab}, i) => {
        tab.tabIndex = i === to ? 0 : -1
      })
      tabs[to].tab.focus()
    }
  }

  show() {
    const {handle, model} = this
    this.onChange()
    handle.setAttribute("aria-expanded", model.open)
    handle.setAttribute("aria-label", model.open ? "Close the drawer" : "Open the drawer")
    handle.textContent = model.open ? "▾" : "▸"
    for (const {name, title, tab, panel} of this.tabs) {
      tab.textContent = model.counts[name] ? `${title} (${model.counts[name]})` : title
      tab.setAttribute("aria-selected", model.open && model.tab === name)
      tab.tabIndex = model.tab === name ? 0 : -1
      panel.hidden = !model.open || model.tab !== name
    }
  }
}
