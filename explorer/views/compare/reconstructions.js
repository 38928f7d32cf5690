// Some samples beside the reconstructions of both sides.

import {make} from "../components/dom.js"
import {draw} from "../components/drawing.js"
import {samples, unpack} from "../components/messages.js"
import {short} from "../components/numbers.js"

const WHICH =
  "Whose reconstructions are shown: of the selected samples, or of the held-out ones whose error has grown most"

export function reconstructions(model, tell) {
  const root = make("section", "examples lx-compare-samples")
  const top = make("div", "head")
  const which = make("select", "lx-compare-which")
  which.title = WHICH
  which.setAttribute("aria-label", which.title)
  for (const name of ["selected", "worst changed"]) {
    which.append(make("option", "", name))
  }
  which.addEventListener("change", () => tell({kind: "which", value: which.value}))
  top.append(make("h2", "", "Reconstructions"), which)
  const note = make("p", "note")
  const grid = make("div", "grid")
  root.append(top, note, grid)

  function onSamples() {
    if (model.samples.byteLength === 0 || !model.state.ready) {
      grid.replaceChildren()
      note.textContent = "Made with the first maps."
      return
    }
    const [head, bytes] = unpack(model.samples)
    const {drawing} = model
    const profile = drawing.kind === "profile"
    const [one, other] = model.state.names
    which.value = head.shown
    const key = profile ? `▏original, ● ${one} | ● ${other}` : `original | ${one} | ${other}`
    note.textContent = `${key}; errors in nats, ${head.convention}`
    grid.classList.toggle("profiles", profile)
    const all = samples(bytes, 3 * head.rows.length)
    const cells = head.rows.map((_, i) =>
      exampleCell(head, i, all.slice(3 * i, 3 * i + 3), model.state.names, profile),
    )
    grid.replaceChildren(...cells.map(({box}) => box))
    for (const {canvases, parts} of cells) {
      // A profile is as wide as its place on the page.
      canvases.forEach((canvas, i) => draw(canvas, drawing, ...parts[i]))
    }
    grid.dataset.samples = head.rows.length
  }

  model.on("samples", onSamples)
  onSamples()
  return root
}

// One sample: its canvases, what is drawn on each, and both errors.
function exampleCell({rows, labels, errors}, i, [original, first, second], [one, other], profile) {
  const [was, is] = errors[i]
  const name = `#${rows[i]}${labels ? ` · ${labels[i]}` : ""}`
  const parts = profile
    ? [
        [first, original],
        [second, original],
      ]
    : [[original], [first], [second]]
  const canvases = parts.map(() => make("canvas"))
  const strip = make("div", "trio")
  strip.append(...canvases)
  strip.setAttribute("role", "img")
  strip.setAttribute(
    "aria-label",
    `Sample ${name}: error ${short(was)} nats by ${one}, ${short(is)} by ${other}`,
  )
  const caption = make("figcaption", "", `${name} `)
  const change = `${short(was)} → ${short(is)} ${is > was ? "▲" : "▼"}`
  caption.append(make("span", is > was ? "up" : "down", change))
  const box = make("figure")
  box.append(strip, caption)
  return {box, canvases, parts}
}
