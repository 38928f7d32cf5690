// The legend is text first: a class is its name, its count and a swatch. A press shows or hides the class, "only" shows
// it alone, "select" selects its samples. For a numeric colour it is the scale with its ends.

import {focusedBeside, make, makeButton} from "../components/dom.js"

const MANY = 6 // classes; more of them stand in two columns
const SHORT = 12 // characters of a name that fits there

export function render({model, el}) {
  const root = make("div", "legend")
  el.append(root)
  const buttons = () => [...root.querySelectorAll("button")]

  function show() {
    const focused = buttons().indexOf(focusedBeside(root))
    root.replaceChildren(...(model.ramp && model.ramp.colours ? scale(model.ramp) : [classes(model)]))
    if (focused >= 0) {
      buttons()[focused]?.focus() // redrawing must not take the keyboard's place away
    }
  }
  model.on(["entries", "veiled", "ramp"], show)
  show()
}

function scale({name, low, high, colours}) {
  const bar = make("div", "scale")
  bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`
  const ends = make("div", "ends")
  ends.append(make("span", "", low), make("span", "", high))
  return [make("p", "", name), bar, ends]
}

function classes(model) {
  const {entries} = model
  const isShort = entries.length > MANY && entries.every(({name}) => name.length < SHORT)
  const rows = make("div", isShort ? "rows short" : "rows")
  rows.append(...entries.map((entry, index) => classRow(model, entry, index)))
  return rows
}

function classRow(model, {name, colour, count}, index) {
  const button = (className, text, label, kind) => {
    const made = makeButton(className, text, label, () => model.send_msg({kind, index}))
    made.setAttribute("aria-label", label)
    return made
  }
  const shown = !model.veiled.includes(index)
  const toggle = button("toggle", "", `${shown ? "Hide" : "Show"} ${name}`, "toggle")
  toggle.setAttribute("aria-pressed", shown)
  const swatch = make("span", "swatch")
  swatch.style.background = shown ? colour : "transparent"
  swatch.style.borderColor = colour
  toggle.append(swatch, make("span", "name", name), make("span", "count", count.toLocaleString("en")))
  const row = make("div", "row")
  row.append(
    toggle,
    button("small only", "only", `Show ${name} alone, or all again`, "isolate"),
    button("small select", "select", `Select the samples of ${name}`, "select"),
  )
  return row
}
