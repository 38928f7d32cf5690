// The legend is text first: a class is its name, its count and a swatch. A press shows or hides the class,
// "only" shows it alone, "select" selects its samples. For a numeric colour it is the scale with its ends.

export function render({model, el}) {
  const root = document.createElement("div")
  root.className = "legend"
  el.append(root)

  function button(className, text, label, action) {
    const element = document.createElement("button")
    element.type = "button"
    element.className = className
    element.textContent = text
    element.setAttribute("aria-label", label)
    element.title = label
    element.addEventListener("click", action)
    return element
  }

  function scale() {
    const {name, low, high, colours} = model.ramp
    const title = document.createElement("p")
    title.textContent = name
    const bar = document.createElement("div")
    bar.className = "scale"
    bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`
    const ends = document.createElement("div")
    ends.className = "ends"
    for (const text of [low, high]) {
      const end = document.createElement("span")
      end.textContent = text
      ends.append(end)
    }
    root.replaceChildren(title, bar, ends)
  }

  function classes() {
    const rows = document.createElement("div")
    // Many short names stand in two columns.
    const short = model.entries.length > 6 && model.entries.every(({name}) => name.length < 12)
    rows.className = short ? "rows short" : "rows"
    rows.append(...model.entries.map(({name, colour, count}, index) => {
      const row = document.createElement("div")
      row.className = "row"
      const shown = !model.veiled.includes(index)
      const toggle = button("toggle", "", `${shown ? "Hide" : "Show"} ${name}`, () => model.send_msg({kind: "toggle", index}))
      toggle.setAttribute("aria-pressed", shown)
      const swatch = document.createElement("span")
      swatch.className = "swatch"
      swatch.style.background = shown ? colour : "transparent"
      swatch.style.borderColor = colour
      const text = document.createElement("span")
      text.className = "name"
      text.textContent = name
      const number = document.createElement("span")
      number.className = "count"
      number.textContent = count.toLocaleString("en")
      toggle.append(swatch, text, number)
      row.append(toggle,
        button("small only", "only", `Show ${name} alone, or all again`, () => model.send_msg({kind: "isolate", index})),
        button("small select", "select", `Select the samples of ${name}`, () => model.send_msg({kind: "select", index})))
      return row
    }))
    root.replaceChildren(rows)
  }

  function draw() {
    const focused = root.contains(el.getRootNode().activeElement) ? [...root.querySelectorAll("button")].indexOf(el.getRootNode().activeElement) : -1
    if (model.ramp && model.ramp.colours) {
      scale()
    } else {
      classes()
    }
    if (focused >= 0) {   // redrawing must not take the keyboard's place away
      root.querySelectorAll("button")[focused]?.focus()
    }
  }
  model.on(["entries", "veiled", "ramp"], draw)
  draw()
}
