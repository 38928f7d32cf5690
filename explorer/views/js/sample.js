// The decoded sample under the cursor, what is known of that place, and the picked sample beside its
// reconstruction. A message is a little-endian length, that many bytes of JSON, and the raw samples.

function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  return [head, buffer.slice(4 + length)]
}

function make(tag, className, text) {
  const element = document.createElement(tag)
  if (className) {
    element.className = className
  }
  if (text !== undefined) {
    element.textContent = text
  }
  return element
}

const short = (number) => number == null || !isFinite(number) ? "–" :
  Math.abs(number) >= 1000 || (number !== 0 && Math.abs(number) < 0.001) ? number.toExponential(2) : number.toPrecision(3)
const signed = (number) => (number < 0 ? "−" : " ") + Math.abs(number).toFixed(2)

// -- drawing ------------------------------------------------------------------------------------------

function drawImage(canvas, bytes, {width, height, channels}) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  const context = canvas.getContext("2d")
  const pixels = context.createImageData(width, height)
  const out = new Uint32Array(pixels.data.buffer)
  if (channels === 1) {
    for (let i = 0; i < out.length; i++) {
      out[i] = 0xff000000 | bytes[i] * 0x010101
    }
  } else {
    for (let i = 0, j = 0; i < out.length; i++, j += 3) {
      out[i] = 0xff000000 | bytes[j + 2] << 16 | bytes[j + 1] << 8 | bytes[j]
    }
  }
  context.putImageData(pixels, 0, 0)
}

// A row of a table: for each column a track from its 1st to its 99th percentile, the value on it, in its own unit.
function drawProfile(canvas, values, {names, low, high}, other) {
  const ratio = window.devicePixelRatio || 1
  const width = canvas.clientWidth || 280
  const line = Math.max(13, Math.min(22, Math.floor(280 / names.length)))
  const height = line * names.length + 6
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
    canvas.style.height = `${height}px`
  }
  const context = canvas.getContext("2d")
  const style = getComputedStyle(canvas)
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  context.font = `${Math.min(12, line - 2)}px ${style.fontFamily}`
  context.textBaseline = "middle"
  const left = width * 0.46, right = width - 58
  names.forEach((name, i) => {
    const y = 3 + line * (i + 0.5)
    const place = (value) => left + (right - left) * Math.min(1, Math.max(0, (value - low[i]) / ((high[i] - low[i]) || 1)))
    context.fillStyle = style.color
    context.globalAlpha = 0.9
    context.textAlign = "left"
    context.fillText(name, 2, y, left - 10)
    context.globalAlpha = 0.22
    context.fillRect(left, y - 1.5, right - left, 3)
    if (other) {
      context.globalAlpha = 0.55
      context.fillRect(place(other[i]) - 1, y - 6, 2, 12)
    }
    context.globalAlpha = 1
    context.fillStyle = style.getPropertyValue("--lx-accent") || "#0a66c2"
    context.beginPath()
    context.arc(place(values[i]), y, 4.5, 0, 2 * Math.PI)
    context.fill()
    context.fillStyle = style.color
    context.textAlign = "right"
    context.fillText(short(values[i]), width - 2, y, 54)
  })
}

function draw(canvas, drawing, bytes, other) {
  canvas.classList.toggle("profile", drawing.kind === "profile")
  if (drawing.kind === "profile") {
    drawProfile(canvas, new Float32Array(bytes), drawing, other && new Float32Array(other))
  } else {
    drawImage(canvas, new Uint8Array(bytes), drawing)
  }
}

// What differs, signed: blue where the original is brighter, orange where the reconstruction is.
function drawDifference(canvas, original, reconstruction, {width, height, channels}) {
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext("2d")
  const pixels = context.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    let difference = 0
    for (let c = 0; c < channels; c++) {
      difference += (reconstruction[i * channels + c] - original[i * channels + c]) / channels
    }
    const strength = Math.min(1, Math.abs(difference) / 160)
    const colour = difference > 0 ? [217, 95, 2] : [31, 119, 200]
    for (let c = 0; c < 3; c++) {
      pixels.data[4 * i + c] = 247 + (colour[c] - 247) * strength
    }
    pixels.data[4 * i + 3] = 255
  }
  context.putImageData(pixels, 0, 0)
}

// -- the component ------------------------------------------------------------------------------------

export function render({model, el}) {
  const root = make("div", "sample")
  const canvas = make("canvas", "lx-frame")
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", "The decoded sample at the cursor")
  canvas.dataset.frames = 0
  const stage = make("div", "stage")
  const hint = make("p", "hint", "Move over the map: what the decoder makes of that place appears here.")
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
  root.append(stage, readout, picked)
  el.append(root)

  let frames = 0
  function onFrame() {
    if (model.frame.byteLength === 0) {
      return
    }
    const [head, bytes] = unpack(model.frame)
    hint.hidden = true
    draw(canvas, model.drawing, bytes)
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
    canvas.width = canvas.width
  })
  onFrame()
  onPicked()
}
