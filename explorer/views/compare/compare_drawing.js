// Drawing of one of the linked maps: its pixels where they belong in the view, and the lines above them.

import {cleared} from "../components/drawing.js"

// Returns the function that leads from a place of the plane to pixels of the canvas.
export function toScreen({x0, x1, y0, y1}, {w, h}) {
  return ([x, y]) => [((x - x0) / (x1 - x0)) * w, ((y1 - y) / (y1 - y0)) * h]
}

// Pixels of a former view are drawn where they belong in the present one, so that the maps move with the hand.
export function drawPixels(canvas, view, size, image, head) {
  const {w, h} = size
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w
    canvas.height = h
  }
  const context = canvas.getContext("2d")
  context.clearRect(0, 0, w, h)
  if (image) {
    const place = toScreen(view, size)
    const [left, top] = place([head.x0, head.y1])
    const [right, bottom] = place([head.x1, head.y0])
    const [width, height] = [right - left, bottom - top]
    context.imageSmoothingEnabled = Math.abs(width - image.width) > 1
    context.drawImage(image, Math.round(left), Math.round(top), Math.round(width), Math.round(height))
  }
}

// Draws the arrows of what has moved, the line of a brush, and the cursor's cross; each may be absent.
export function drawLines(canvas, view, size, {arrows, outline, cursor}) {
  const context = cleared(canvas, size.w, size.h)
  const place = toScreen(view, size)
  context.lineJoin = context.lineCap = "round"
  if (arrows) {
    drawArrows(context, place, arrows)
  }
  if (outline && outline.length > 1) {
    drawOutline(context, outline.map(place))
  }
  if (cursor) {
    drawCross(context, place(cursor), size)
  }
}

// A dark line inside a light one, which is seen on any colour and in both themes.
function strokeTwice(context, width) {
  for (const [colour, more] of [
    ["rgba(255, 255, 255, .85)", 2],
    ["#1d1d1f", 0],
  ]) {
    context.strokeStyle = colour
    context.lineWidth = width + more
    context.stroke()
  }
}

function drawArrows(context, place, arrows) {
  context.beginPath()
  for (let i = 0; i < arrows.length; i += 4) {
    const [x0, y0] = place([arrows[i], arrows[i + 1]])
    const [x1, y1] = place([arrows[i + 2], arrows[i + 3]])
    const length = Math.hypot(x1 - x0, y1 - y0)
    if (length < 3) {
      continue
    }
    const barb = Math.min(6, 0.4 * length)
    const angle = Math.atan2(y1 - y0, x1 - x0)
    context.moveTo(x0, y0)
    context.lineTo(x1, y1)
    for (const side of [-0.45, 0.45]) {
      context.moveTo(x1, y1)
      context.lineTo(x1 - barb * Math.cos(angle + side), y1 - barb * Math.sin(angle + side))
    }
  }
  strokeTwice(context, 1)
}

function drawOutline(context, corners) {
  context.beginPath()
  for (const [x, y] of corners) {
    context.lineTo(x, y) // the first one begins the line
  }
  context.closePath()
  context.fillStyle = "rgba(128, 128, 128, .18)"
  context.fill()
  strokeTwice(context, 1.5)
}

// The middle is left free, so that the sample under the cursor is seen.
function drawCross(context, [left, top], {w, h}) {
  const x = Math.round(left) + 0.5
  const y = Math.round(top) + 0.5
  context.beginPath()
  for (const [x0, y0, x1, y1] of [
    [0, y, x - 6, y],
    [x + 6, y, w, y],
    [x, 0, x, y - 6],
    [x, y + 6, x, h],
  ]) {
    context.moveTo(x0, y0)
    context.lineTo(x1, y1)
  }
  context.strokeStyle = "rgba(128, 128, 128, .75)"
  context.lineWidth = 1
  context.stroke()
}
