// The samples that both sides decode at the cursor, and their difference.

import {make} from "../components/dom.js"
import {draw, drawDifference, wipe} from "../components/drawing.js"
import {samples, unpack} from "../components/messages.js"
import {signed} from "../components/numbers.js"

const HINT = "Move over a map: what either side's decoder makes of that place appears here."
const DIFFERENCE = "The right one less the left one: blue where it is darker, orange where it is brighter"

function figure(strip, handle, name) {
  const box = make("figure")
  const canvas = make("canvas", handle)
  const caption = make("figcaption", "", name)
  canvas.setAttribute("role", "img")
  box.append(canvas, caption)
  strip.append(box)
  return {box, canvas, caption}
}

export function twinFrame(model) {
  const root = make("section", "twins")
  const strip = make("div", "strip")
  const readout = make("p", "readout", HINT)
  const before = figure(strip, "lx-twin-before", "")
  const after = figure(strip, "lx-twin-after", "")
  const difference = figure(strip, "lx-twin-difference", "difference")
  difference.canvas.setAttribute("aria-label", DIFFERENCE)
  difference.box.title = "The second less the first: blue where it is darker, orange where it is brighter."
  before.canvas.dataset.frames = 0
  root.append(make("h2", "", "Decoded at the cursor"), strip, readout)
  let frames = 0

  function onFrame() {
    if (model.frame.byteLength === 0 || !model.state.ready) {
      return
    }
    const [head, bytes] = unpack(model.frame)
    const profile = model.drawing.kind === "profile"
    strip.classList.toggle("profiles", profile)
    before.box.hidden = difference.box.hidden = profile
    drawTwins(model, samples(bytes, 2), {before, after, difference})
    readout.textContent = sentence(head)
    frames += 1
    Object.assign(before.canvas.dataset, {x: head.x, y: head.y, frames})
  }

  model.on("frame", onFrame)
  model.on("drawing", () => {
    for (const {canvas} of [before, after, difference]) {
      wipe(canvas)
    }
  })
  onFrame()
  return root
}

// Two images and their difference, or both rows of a table in one profile.
function drawTwins({drawing, state}, [first, second], {before, after, difference}) {
  const [one, other] = state.names
  if (drawing.kind === "profile") {
    draw(after.canvas, drawing, second, first)
    after.caption.textContent = `● ${other}   ▏${one}`
  } else {
    draw(before.canvas, drawing, first)
    draw(after.canvas, drawing, second)
    drawDifference(difference.canvas, new Uint8Array(first), new Uint8Array(second), drawing)
    before.caption.textContent = one
    after.caption.textContent = other
  }
  before.canvas.setAttribute("aria-label", `Decoded by ${one}`)
  after.canvas.setAttribute("aria-label", `Decoded by ${other}`)
}

const codeText = (values) => values.slice(0, 4).map(signed).join(" ") + (values.length > 4 ? " …" : "")

function sentence({x, y, codes}) {
  const [a, b] = codes.map(codeText)
  return `at ${signed(x)}, ${signed(y)}; code ${a === b ? a : `${a} and ${b}`}`
}
