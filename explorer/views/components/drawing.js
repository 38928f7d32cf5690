// Samples on a canvas: an image pixel by pixel, a row of a table as a profile, the difference of two images.

import {short} from "./numbers.js"

export function drawImage(canvas, bytes, {width, height, channels}) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  const context = canvas.getContext("2d")
  const pixels = context.createImageData(width, height)
  const out = new Uint32Array(pixels.data.buffer)
  if (channels === 1) {
    for (let i = 0; i < out.length; i++) {
      out[i] = 0xff000000 | (bytes[i] * 0x010101)
    }
  } else {
    for (let i = 0, j = 0; i < out.length; i++, j += 3) {
      out[i] = 0xff000000 | (bytes[j + 2] << 16) | (bytes[j + 1] << 8) | bytes[j]
    }
  }
  context.putImageData(pixels, 0, 0)
}

// Gives a canvas the sharpness of the screen, and returns its cleared context in the units of the page.
export function cleared(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  const context = canvas.getContext("2d")
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  return context
}

// A row of a table: for each column a track from its 1st to its 99th percentile, the value on it, in its own unit.
// The text has the colour of the page. A canvas knows it once it is on the page, and another theme changes it.
function drawProfile(canvas, values, drawing, other) {
  canvas.redraw = () => drawProfile(canvas, values, drawing, other)
  if (!canvas.isConnected) {
    requestAnimationFrame(() => canvas.isConnected && canvas.redraw?.())
    return
  }
  if (!canvas.style.transition) {
    canvas.style.transition = "color 1ms"
    canvas.addEventListener("transitionend", () => canvas.redraw?.())
  }
  const {names, low, high} = drawing
  const width = canvas.clientWidth || 280
  const line = Math.max(13, Math.min(22, Math.floor(280 / names.length)))
  const height = line * names.length + 6
  canvas.style.height = `${height}px`
  const context = cleared(canvas, width, height)
  const style = getComputedStyle(canvas)
  context.font = `${Math.min(12, line - 2)}px ${style.fontFamily}`
  context.textBaseline = "middle"
  names.forEach((name, i) => {
    const track = {name, low: low[i], high: high[i], y: 3 + line * (i + 0.5), width}
    drawTrack(context, style, track, values[i], other?.[i])
  })
}

function drawTrack(context, style, {name, low, high, y, width}, value, other) {
  const left = width * 0.46
  const right = width - 58
  const place = (at) => left + (right - left) * Math.min(1, Math.max(0, (at - low) / (high - low || 1)))
  context.fillStyle = style.color
  context.globalAlpha = 0.9
  context.textAlign = "left"
  context.fillText(name, 2, y, left - 10)
  context.globalAlpha = 0.22
  context.fillRect(left, y - 1.5, right - left, 3)
  if (other !== undefined) {
    context.globalAlpha = 0.55
    context.fillRect(place(other) - 1, y - 6, 2, 12)
  }
  context.globalAlpha = 1
  context.fillStyle = style.getPropertyValue("--lx-accent") || "#0a66c2"
  context.beginPath()
  context.arc(place(value), y, 4.5, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = style.color
  context.textAlign = "right"
  context.fillText(short(value), width - 2, y, 54)
}

export function draw(canvas, drawing, bytes, other) {
  canvas.classList.toggle("profile", drawing.kind === "profile")
  if (drawing.kind === "profile") {
    drawProfile(canvas, new Float32Array(bytes), drawing, other && new Float32Array(other))
  } else {
    canvas.redraw = null
    drawImage(canvas, new Uint8Array(bytes), drawing)
  }
}

export function wipe(canvas) {
  canvas.redraw = null
  const {width} = canvas
  canvas.width = width // setting it clears the canvas
}

// The signed difference: blue where the original is brighter, orange where the reconstruction is.
export function drawDifference(canvas, original, reconstruction, {width, height, channels}) {
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
