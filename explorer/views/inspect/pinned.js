// The pinned samples side by side, oldest first; each has a button that takes it off the map.

import {make, makeButton} from "../components/dom.js"
import {draw} from "../components/drawing.js"
import {samples, unpack} from "../components/messages.js"

const HINT =
  "Hold Shift and click the map, or switch Generate on: what the decoder makes of that place is pinned to it and kept here."

export function render({model, el}) {
  const root = make("div", "pinned")
  const strip = make("div", "strip lx-pins")
  strip.setAttribute("role", "list")
  strip.setAttribute("aria-label", "Pinned samples")
  const hint = make("p", "hint", HINT)
  root.append(hint, strip)
  el.append(root)

  function pin(number, bytes) {
    const box = make("figure", "pin lx-pin")
    box.setAttribute("role", "listitem")
    box.dataset.number = number
    const canvas = make("canvas")
    canvas.setAttribute("role", "img")
    canvas.setAttribute("aria-label", `Decoded sample of pin ${number}`)
    const help = `Take pin ${number} off the map`
    const remove = makeButton("lx-pin-remove", "×", help, () => model.send_msg({kind: "remove", number}))
    remove.setAttribute("aria-label", help)
    const caption = make("figcaption")
    caption.append(make("span", "number", String(number)), remove)
    box.append(canvas, caption)
    strip.append(box)
    draw(canvas, model.drawing, bytes)
  }

  function show() {
    if (model.drawing.kind === undefined) {
      return // it is still on its way
    }
    strip.replaceChildren()
    strip.classList.toggle("profiles", model.drawing.kind === "profile")
    const [head, bytes] = model.pins.byteLength === 0 ? [{numbers: []}] : unpack(model.pins)
    const {numbers} = head
    if (numbers.length > 0) {
      const each = samples(bytes, numbers.length)
      numbers.forEach((number, i) => pin(number, each[i]))
    }
    hint.hidden = numbers.length > 0
  }

  model.on("pins", show)
  model.on("drawing", show)
  show()
}
