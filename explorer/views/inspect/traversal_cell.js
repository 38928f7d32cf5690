// One cell of the grid of traversals: the decoded sample, and its value in words.

import {make} from "../components/dom.js"
import {drawImage} from "../components/drawing.js"
import {short, signed} from "../components/numbers.js"

const WIDTH = 96 // pixels of a profile
const HEIGHT = 48
const MOST_TOLD = 14 // columns of a table in the words of a cell

// `grid` gives the colours of the page.
export function cellOf(drawing, {row, column, axis, value, captioned}, bytes, grid) {
  const profile = drawing.kind === "profile"
  const cell = make("div", "cell lx-cell")
  cell.setAttribute("role", "gridcell")
  cell.tabIndex = -1
  cell.dataset.row = row
  cell.dataset.column = column
  const canvas = make("canvas")
  cell.append(canvas)
  if (captioned) {
    cell.append(make("span", "caption", signed(value)))
  }
  let text = `z${axis + 1} at ${signed(value).trim()}`
  if (profile) {
    const values = new Float32Array(bytes)
    drawLittle(canvas, values, drawing, getComputedStyle(grid))
    text += `: ${words(values, drawing.names)}`
  } else {
    drawImage(canvas, new Uint8Array(bytes), drawing)
  }
  cell.setAttribute("aria-label", text)
  cell.title = `${text}\nPress to look at this code in Axes and beside the map.`
  return cell
}

function words(values, names) {
  const told = Array.from(values).slice(0, MOST_TOLD)
  return told.map((value, i) => `${names[i]} ${short(value)}`).join(", ")
}

// A row of a table in little: its columns from left to right, each between its 1st and 99th percentile.
function drawLittle(canvas, values, {low, high}, style) {
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const context = canvas.getContext("2d")
  const step = WIDTH / values.length
  const middle = HEIGHT / 2
  context.fillStyle = style.color
  context.globalAlpha = 0.25
  context.fillRect(0, middle, WIDTH, 1)
  context.globalAlpha = 1
  context.fillStyle = style.getPropertyValue("--lx-accent")
  values.forEach((value, i) => {
    const share = Math.min(1, Math.max(0, (value - low[i]) / (high[i] - low[i] || 1)))
    const top = (1 - share) * (HEIGHT - 4) + 2
    const height = Math.max(2, Math.abs(middle - top))
    context.fillRect(i * step + 1, Math.min(top, middle), Math.max(2, step - 2), height)
  })
}
