// The legend is text first: a class is its name, its count and a swatch. A press shows or hides the class, "only" shows
// it alone, "select" selects its samples; while its row is pointed at, or has the keyboard, the map dims the other
// classes. For a numeric colour it is the colour bar.

import {make, makeButton, setAttributes} from "../../components/dom.js"
import {RovingRows} from "./roving.js"
import {ColourBar} from "./colour_bar.js"

const MANY = 6 // classes; more of them stand in two columns
const SHORT = 12 // characters of a name that fits there
const STILL = 60 // ms on a row before the map is painted for it: a hand that crosses the legend paints nothing

export function render({model, el}) {
  const root = make("div", "legend")
  el.append(root)
  const list = setAttributes(make("div"), {
    role: "toolbar",
    "aria-label": "Classes",
    "aria-orientation": "vertical",
  })
  const bar = new ColourBar((message) => model.send_msg(message))
  const tell = (kind, index) => model.send_msg({kind, index, title: model.title})
  const emphasis = new Emphasis((index) => tell("emphasise", index))
  const roving = new RovingRows(list)
  let rows = []

  // What is there stays: a button that is replaced while it is pressed hears no click, and loses the keyboard.
  function show() {
    const {entries, veiled, ramp} = model
    if (ramp?.colours) {
      if (bar.element.parentNode !== root) {
        root.replaceChildren(bar.element)
      }
      bar.show(ramp)
      return
    }
    if (rows.length !== entries.length) {
      rows = entries.map((_, index) => classRow((kind) => tell(kind, index)))
      rows.forEach(({row}, index) => emphasis.follow(row, index))
      list.replaceChildren(...rows.map(({row}) => row))
      roving.show(rows.map(({toggle, only, select}) => [toggle, only, select]))
    }
    if (list.parentNode !== root) {
      root.replaceChildren(list)
    }
    list.className = isShort(entries) ? "rows short" : "rows"
    rows.forEach((row, index) => describe(row, entries[index], !veiled.includes(index)))
  }
  model.on(["entries", "veiled", "ramp"], show)
  model.on("title", () => emphasis.renew())
  model.on("remove", () => emphasis.close())
  show()
}

// The class that the map shows in its colour while the others are dimmed: the one pointed at, else that of the keyboard.
class Emphasis {
  constructor(tell) {
    this.tell = tell
    this.pointed = null
    this.focused = null
    this.told = null
    this.timer = 0
  }

  follow(row, index) {
    row.addEventListener("pointerenter", () => this.set("pointed", index))
    row.addEventListener("pointerleave", () => this.unset("pointed", index))
    // A press of the mouse leaves the focus behind, and the map would stay dimmed.
    row.addEventListener(
      "focusin",
      ({target}) => target.matches(":focus-visible") && this.set("focused", index),
    )
    row.addEventListener("focusout", () => this.unset("focused", index))
  }

  set(cause, index) {
    this[cause] = index
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.say(), STILL)
  }

  unset(cause, index) {
    if (this[cause] === index) {
      this.set(cause, null)
    }
  }

  // Of other classes none is dimmed yet, whatever was said of the former ones.
  renew() {
    this.told = null
    this.set("focused", this.focused)
  }

  say() {
    const index = this.pointed ?? this.focused
    if (index !== this.told) {
      this.told = index
      this.tell(index)
    }
  }

  close() {
    clearTimeout(this.timer)
  }
}

const isShort = (entries) => entries.length > MANY && entries.every(({name}) => name.length < SHORT)

function classRow(tell) {
  const button = (className, text, kind) => makeButton(className, text, "", () => tell(kind))
  const toggle = button("toggle", "", "toggle")
  const parts = {swatch: make("span", "swatch"), name: make("span", "name"), count: make("span", "count")}
  toggle.append(...Object.values(parts))
  const only = button("small only", "only", "isolate")
  const select = button("small select", "select", "select")
  const row = make("div", "row")
  row.append(toggle, only, select)
  return {row, toggle, only, select, ...parts}
}

function describe({toggle, only, select, ...parts}, {name, colour, count, selected}, shown) {
  parts.swatch.style.background = shown ? colour : "transparent"
  parts.swatch.style.borderColor = colour
  parts.name.textContent = name
  const all = count.toLocaleString("en")
  parts.count.textContent = selected === null ? all : `${selected.toLocaleString("en")} of ${all}`
  toggle.setAttribute("aria-pressed", shown)
  label(toggle, `${shown ? "Hide" : "Show"} ${name}`)
  label(only, `Show ${name} alone, or all again`)
  label(select, `Select the samples of ${name}`)
}

function label(button, text) {
  button.title = text
  button.setAttribute("aria-label", text)
}
