// The legend is text first: a class is its name, its count and a swatch. A press shows or hides the class, "only" shows
// it alone, "select" selects its samples. For a numeric colour it is the colour bar.

import {make, makeButton} from "../components/dom.js"
import {ColourBar} from "./colour_bar.js"

const MANY = 6 // classes; more of them stand in two columns
const SHORT = 12 // characters of a name that fits there

export function render({model, el}) {
  const root = make("div", "legend")
  el.append(root)
  const list = make("div")
  const bar = new ColourBar((message) => model.send_msg(message))
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
      rows = entries.map((_, index) => classRow((kind) => model.send_msg({kind, index})))
      list.replaceChildren(...rows.map(({row}) => row))
    }
    if (list.parentNode !== root) {
      root.replaceChildren(list)
    }
    list.className = isShort(entries) ? "rows short" : "rows"
    rows.forEach((row, index) => describe(row, entries[index], !veiled.includes(index)))
  }
  model.on(["entries", "veiled", "ramp"], show)
  show()
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

function describe({toggle, only, select, ...parts}, {name, colour, count}, shown) {
  parts.swatch.style.background = shown ? colour : "transparent"
  parts.swatch.style.borderColor = colour
  parts.name.textContent = name
  parts.count.textContent = count.toLocaleString("en")
  toggle.setAttribute("aria-pressed", shown)
  label(toggle, `${shown ? "Hide" : "Show"} ${name}`)
  label(only, `Show ${name} alone, or all again`)
  label(select, `Select the samples of ${name}`)
}

function label(button, text) {
  button.title = text
  button.setAttribute("aria-label", text)
}
