// The decoded sample under the cursor, what is known of that place, and the picked sample beside its
// reconstruction. A message is a little-endian length, that many bytes of JSON, and the raw samples.

const READABLE = 80   // milliseconds between two texts of the read-out

export function render({model, el}) {
  const root = make("div", "sample")
  const canvas = make("canvas", "lx-frame")
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", "The decoded sample at the cursor")
  canvas.dataset.frames = 0
  const stage = make("div", "stage")
  const hint = make("p", "hint", "Move over the map: what the decoder makes of that place appears here.")
  const key = make("p", "key", "● decoded here   ▏nearest row of the data")
  key.hidden = true
  stage.append(canvas, hint)
  const readout = make("dl", "lx-readout")
  const rows = {}
  for (const [key, label, help] of [
    ["position", "position", "Where the cursor is on the plane of the map."],
    ["code", "latent code", "The point of the latent space that is decoded."],
    ["inverse", "inverse", "How this place of the map leads to a latent code: by a formula, with what is held off the plane, or by a guess between samples."],
    ["support", "support", "The share of encoded samples that lie in sparser places: 0 % means no sample supports what you see."],
    ["predicted", "class", "The most frequent label among the nearest encoded training samples."],
    ["nearest", "nearest", "The encoded sample that lies nearest in latent space."],
  ]) {
    const term = make("dt", "", label)
    term.title = help
    const value = make("dd", "", "–")
    readout.append(term, value)
    rows[key] = value
  }
  const meter = make("span", "meter")
  const bar = make("span", "bar")
  meter.append(bar)
  const picked = make("section", "lx-picked")
  root.append(stage, key, readout, picked)
  el.append(root)

  // Figures that change sixty times a second cannot be read, and laying them out costs more than the image.
  let told = 0, telling = 0
  function tell(head) {
    clearTimeout(telling)
    const wait = told + READABLE - performance.now()
    if (wait > 0) {
      telling = setTimeout(() => say(head), wait)
    } else {
      say(head)
    }
  }

  function say(head) {
    told = performance.now()
    rows.position.textContent = `${signed(head.x)}, ${signed(head.y)}`
    rows.code.textContent = head.code.slice(0, 8).map(signed).join("  ") + (head.code.length > 8 ? `  … (${head.code.length})` : "")
    rows.inverse.textContent = head.how || "–"
    rows.inverse.classList.toggle("guess", head.error != null)
    if (head.support == null) {
      rows.support.textContent = "being computed"
    } else {
      rows.support.textContent = `${Math.round(100 * head.support)} %` + (head.support < 0.01 ? " – no sample near" : "")
      bar.style.width = `${100 * head.support}%`
      rows.support.append(meter)
    }
    rows.predicted.textContent = head.predicted ? `${head.predicted[0]}  (${Math.round(100 * head.predicted[1])} % of the neighbours)` : "–"
    rows.nearest.textContent = head.nearest == null ? "–" : `#${head.nearest}${head.label ? `, ${head.label}` : ""}, at ${short(head.distance)}`
  }

  let frames = 0
  function onFrame() {
    if (model.frame.byteLength === 0) {
      return
    }
    const [head, bytes] = unpack(model.frame)
    hint.hidden = true
    const beside = model.drawing.kind === "profile" && head.nearest != null   // the nearest real row comes with it
    const size = beside ? bytes.byteLength / 2 : bytes.byteLength
    draw(canvas, model.drawing, bytes.slice(0, size), beside ? bytes.slice(size) : undefined)
    key.hidden = !beside
    tell(head)
    frames += 1
    canvas.dataset.x = head.x
    canvas.dataset.y = head.y
    canvas.dataset.frames = frames
  }

  function onPicked() {
    if (model.picked.byteLength === 0) {
      picked.replaceChildren(make("p", "hint", "Click the map to see the nearest sample beside its reconstruction."))
      delete picked.dataset.index
      return
    }
    const [head, bytes] = unpack(model.picked)
    const size = bytes.byteLength / 2
    const original = bytes.slice(0, size), reconstruction = bytes.slice(size)
    picked.dataset.index = head.index
    picked.dataset.error = head.error
    const title = make("h3", "", `Sample #${head.index}${head.label ? ` · ${head.label}` : ""} · ${head.split}`)
    const strip = make("div", "strip")
    const figure = (name) => {
      const box = make("figure")
      const part = make("canvas")
      part.setAttribute("role", "img")
      part.setAttribute("aria-label", `${name} of sample ${head.index}`)
      box.append(part, make("figcaption", "", name))
      strip.append(box)
      return part
    }
    const error = make("p", "error-figure", `error ${short(head.error)} nats · ${head.convention}`)
    if (model.drawing.kind === "profile") {
      strip.classList.add("profiles")
      const part = figure("● reconstruction   ▏original")
      picked.replaceChildren(title, strip, error)
      draw(part, model.drawing, reconstruction, original)
    } else {
      draw(figure("original"), model.drawing, original)
      draw(figure("reconstruction"), model.drawing, reconstruction)
      drawDifference(figure("difference"), new Uint8Array(original), new Uint8Array(reconstruction), model.drawing)
      picked.replaceChildren(title, strip, error)
    }
  }

  model.on("frame", onFrame)
  model.on("picked", onPicked)
  model.on("drawing", () => {   // another data set: its samples are drawn another way
    hint.hidden = false
    wipe(canvas)
  })
  onFrame()
  onPicked()
}
