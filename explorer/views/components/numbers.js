// Numbers as text.

// Three digits; very large and very small numbers by their power of ten.
export function short(number) {
  if (number == null || !isFinite(number)) {
    return "–"
  }
  const size = Math.abs(number)
  return size >= 1000 || (number !== 0 && size < 0.001) ? number.toExponential(2) : number.toPrecision(3)
}

// Two decimals behind a sign, or behind a space of its width.
export const signed = (number) => (number < 0 ? "−" : " ") + Math.abs(number).toFixed(2)

export const percent = (share) => `${Math.round(100 * share)} %`
