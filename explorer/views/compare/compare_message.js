// Unpacking of three maps: the arrows, four numbers each, then the compressed pixels of each map.

import {floats, unpack} from "../components/messages.js"

// Returns the head, the arrows as x0, y0, x1, y1 one after the other, and the pixels of each map.
export function unpackMaps(buffer) {
  const [head, bytes] = unpack(buffer)
  const [moves, rest] = floats(bytes, 4 * head.moves)
  let at = 0
  const pixels = head.sizes.map((length) => {
    at += length
    return rest.subarray(at - length, at)
  })
  return {head, moves, pixels}
}

export function decodePixels({mime}, bytes) {
  const blob = new Blob([bytes], {type: mime})
  return createImageBitmap(blob, {premultiplyAlpha: "none", colorSpaceConversion: "none"})
}
