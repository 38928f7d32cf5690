// The decoded sample under the cursor, what is known of that place, and the picked sample beside its reconstruction.

import {make} from "../components/dom.js"
import {draw, drawDifference, wipe} from "../components/drawing.js"
import {samples, unpack} from "../components/messages.js"
import {short} from "../components/numbers.js"
import {Readout} from "./readout.js"

const HOVER = "Move over the map: what the decoder makes of that place appears here."
const CLICK = "Click the map to see the nearest sample beside its reconstruction."

export function render({model, el}) {
  const root = make("div", "sample")
  const decoded = new DecodedSample(model)
  const readout = new Readout()
  const picked = make("section", "lx-picked")
  root.append(...decoded.elements, readout.root, picked)
  el.append(root)

  const onFrame = () => {
    if (model.frame.byteLength > 0) {
      const [head, bytes] = unpack(model.frame)
      decoded.show(head, bytes)
      readout.show(head)
    }
  }
  const onPicked = () => showPicked(picked, model)
  model.on("frame", onFrame)
  model.on("picked", onPicked)
  model.on("drawing", () => decoded.clear()) // another data set: its samples are drawn another way
  onFrame()
  onPicked()
}

class DecodedSample {
  constructor(model) {
    this.model = model
    this.frames = 0
    this.canvas = make("canvas", "lx-frame")
    this.canvas.setAttribute("role", "img")
    this.canvas.setAttribute("aria-label", "The decoded sample at the cursor")
    this.canvas.dataset.frames = 0
    this.hint = make("p", "hint", HOVER)
    this.key = make("p", "key", "● decoded here   ▏nearest row of the data")
    this.key.hidden = true
    const stage = make("div", "stage")
    stage.append(this.canvas, this.hint)
    this.elements = [stage, this.key]
  }

  show(head, bytes) {
    const {canvas, model} = this
    this.hint.hidden = true
    const beside = model.drawing.kind === "profile" && head.nearest != null // the nearest real row comes with it
    draw(canvas, model.drawing, ...samples(bytes, beside ? 2 : 1))
    this.key.hidden = !beside
    this.frames += 1
    canvas.dataset.x = head.x
    canvas.dataset.y = head.y
    canvas.dataset.frames = this.frames
  }

  clear() {
    this.hint.hidden = false
    wipe(this.canvas)
  }
}

function showPicked(picked, {picked: message, drawing}) {
  if (message.byteLength === 0) {
    picked.replaceChildren(make("p", "hint", CLICK))
    delete picked.dataset.index
    return
  }
  const [head, bytes] = unpack(message)
  picked.dataset.index = head.index
  picked.dataset.error = head.error
  const label = head.label ? ` · ${head.label}` : ""
  const title = make("h2", "", `Sample #${head.index}${label} · ${head.split}`)
  const strip = make("div", "strip")
  const error = make("p", "error-figure", `error ${short(head.error)} nats · ${head.convention}`)
  picked.replaceChildren(title, strip, error)
  drawPicked(strip, head.index, drawing, samples(bytes, 2))
}

function drawPicked(strip, index, drawing, [original, reconstruction]) {
  const figure = (name) => {
    const canvas = make("canvas")
    canvas.setAttribute("role", "img")
    canvas.setAttribute("aria-label", `${name} of sample ${index}`)
    const box = make("figure")
    box.append(canvas, make("figcaption", "", name))
    strip.append(box)
    return canvas
  }
  if (drawing.kind === "profile") {
    strip.classList.add("profiles")
    draw(figure("● reconstruction   ▏original"), drawing, reconstruction, original)
  } else {
    draw(figure("original"), drawing, original)
    draw(figure("reconstruction"), drawing, reconstruction)
    const images = [new Uint8Array(original), new Uint8Array(reconstruction)]
    drawDifference(figure("difference"), ...images, drawing)
  }
}
