// The pinned samples side by side, oldest first; each has a button that takes it off the map.

export function render({model, el}) {
  const root = make("div", "pinned")
  const strip = make("div", "strip lx-pins")
  strip.setAttribute("role", "list")
  strip.setAttribute("aria-label", "Pinned samples")
  const hint = make("p", "hint", "Hold Shift and click the map, or switch Generate on: what the decoder makes of that place is pinned to it and kept here.")
  root.append(hint, strip)
  el.append(root)

  function pin(number, bytes) {
    const box = make("figure", "pin lx-pin")
    box.setAttribute("role", "listitem")
    box.dataset.number = number
    const canvas = make("canvas")
    canvas.setAttribute("role", "img")
    canvas.setAttribute("aria-label", `Decoded sample of pin ${number}`)
    const remove = make("button", "lx-pin-remove", "×")
    remove.type = "button"
    remove.title = `Take pin ${number} off the map`
    remove.setAttribute("aria-label", remove.title)
    remove.addEventListener("click", () => model.send_msg({kind: "remove", number}))
    const caption = make("figcaption")
    caption.append(make("span", "number", String(number)), remove)
    box.append(canvas, caption)
    strip.append(box)
    draw(canvas, model.drawing, bytes)
  }

  function show() {
    if (model.drawing.kind === undefined) {
      return   // it is still on its way
    }
    strip.replaceChildren()
    const [head, bytes] = model.pins.byteLength === 0 ? [{numbers: []}, new ArrayBuffer(0)] : unpack(model.pins)
    const size = bytes.byteLength / Math.max(1, head.numbers.length)
    strip.classList.toggle("profiles", model.drawing.kind === "profile")
    head.numbers.forEach((number, i) => pin(number, bytes.slice(i * size, (i + 1) * size)))
    hint.hidden = head.numbers.length > 0
  }

  model.on("pins", show)
  model.on("drawing", show)
  show()
}
