// Messages of `binary_channel.py`: the length of the head (4 bytes, little-endian), the head as JSON, raw bytes.

const LENGTH = 4

// Returns the head, and the raw bytes where they lie: nothing is copied.
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, LENGTH, length)))
  return [head, new Uint8Array(buffer, LENGTH + length)]
}

// Splits raw bytes into samples of equal length. Each has a buffer of its own, since a view of 32-bit numbers must
// begin at a multiple of four, which the bytes behind a head need not.
export function samples(bytes, count) {
  const size = bytes.byteLength / count
  return Array.from({length: count}, (_, i) => bytes.slice(i * size, (i + 1) * size).buffer)
}

// The first `count` 32-bit floating-point numbers of raw bytes, and the bytes behind them.
export function floats(bytes, count) {
  return [new Float32Array(bytes.slice(0, 4 * count).buffer), bytes.subarray(4 * count)]
}
