// Unpacking of a map: the lines of the net of a globe and of the prior, then the compressed pixels.

import {floats, unpack} from "../components/messages.js"

export const NO_LINES = {xs: [], ys: []}

// Returns the head, the net and the prior as Bokeh's columns of lines, and the compressed pixels.
export function unpackMap(buffer) {
  const [head, bytes] = unpack(buffer)
  const inNet = sum(head.net)
  const points = inNet + sum(head.prior)
  if (points === 0) {
    return {head, net: NO_LINES, prior: NO_LINES, pixels: bytes}
  }
  const [numbers, pixels] = floats(bytes, 2 * points)
  const net = linesOf(numbers.subarray(0, 2 * inNet), head.net)
  return {head, net, prior: linesOf(numbers.subarray(2 * inNet), head.prior), pixels}
}

const sum = (lengths) => lengths.reduce((total, length) => total + length, 0)

// Pairs of numbers, line after line.
function linesOf(numbers, lengths) {
  if (lengths.length === 0) {
    return NO_LINES
  }
  const net = {xs: [], ys: []}
  let at = 0
  for (const length of lengths) {
    const xs = new Float64Array(length)
    const ys = new Float64Array(length)
    for (let i = 0; i < length; i++, at += 2) {
      xs[i] = numbers[at]
      ys[i] = numbers[at + 1]
    }
    net.xs.push(xs)
    net.ys.push(ys)
  }
  return net
}

// Decompresses pixels into one 32-bit number each, the lowest row first, as Bokeh's image glyph has them.
export async function decodePixels({mime, width, height}, bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes], {type: mime}), {
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
    imageOrientation: "flipY",
  })
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext("2d", {willReadFrequently: true})
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
}
