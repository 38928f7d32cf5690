// The figures of the place under the cursor.

import {make} from "../components/dom.js"
import {percent, short, signed} from "../components/numbers.js"

// Figures that change sixty times a second cannot be read, and laying them out costs more than the image.
const READABLE = 80 // ms between two texts

const ALONE = 0.01 // support below which no encoded sample is near enough to say anything of the place

const ROWS = [
  ["position", "position", "Where the cursor is on the plane of the map."],
  ["code", "latent code", "The point of the latent space that is decoded."],
  [
    "inverse",
    "inverse",
    "How this place of the map leads to a latent code: by a formula, with what is held off the plane, or by a guess between samples.",
  ],
  [
    "support",
    "support",
    "The share of encoded samples that lie in sparser places: 0 % means no sample supports what you see.",
  ],
  ["predicted", "class", "The most frequent label among the nearest encoded training samples."],
  ["nearest", "nearest", "The encoded sample that lies nearest in latent space."],
]

export class Readout {
  constructor() {
    this.root = make("dl", "lx-readout")
    this.rows = {}
    for (const [key, label, help] of ROWS) {
      const term = make("dt", "", label)
      term.title = help
      this.rows[key] = make("dd", "", "–")
      this.root.append(term, this.rows[key])
    }
    this.meter = make("span", "meter")
    this.bar = make("span", "bar")
    this.meter.append(this.bar)
    this.writtenAt = -Infinity
    this.timer = 0
  }

  // Writes the figures now, or once the former ones could be read; the newest win.
  show(head) {
    clearTimeout(this.timer)
    const wait = this.writtenAt + READABLE - performance.now()
    if (wait > 0) {
      this.timer = setTimeout(() => this.write(head), wait)
    } else {
      this.write(head)
    }
  }

  write(head) {
    const {rows} = this
    this.writtenAt = performance.now()
    rows.position.textContent = `${signed(head.x)}, ${signed(head.y)}`
    rows.code.textContent = codeText(head.code)
    rows.inverse.textContent = head.how || "–"
    rows.inverse.classList.toggle("guess", head.error != null)
    this.writeSupport(head.support)
    rows.predicted.textContent = classText(head)
    rows.nearest.textContent = nearestText(head)
  }

  writeSupport(support) {
    const row = this.rows.support
    if (support == null) {
      row.textContent = "being computed"
      return
    }
    row.textContent = percent(support) + (support < ALONE ? " – no sample near" : "")
    this.bar.style.width = `${100 * support}%`
    row.append(this.meter)
  }
}

function codeText(code) {
  const more = code.length > 8 ? `  … (${code.length})` : ""
  return code.slice(0, 8).map(signed).join("  ") + more
}

// Even the nearest samples say nothing of a place that lies far from all of them.
export function classText({predicted, support}) {
  if (!predicted) {
    return "–"
  }
  const [name, share] = predicted
  return support != null && support < ALONE
    ? "nothing encoded lies near"
    : `${name}  (${percent(share)} of the neighbours)`
}

function nearestText({nearest, label, distance}) {
  return nearest == null ? "–" : `#${nearest}${label ? `, ${label}` : ""}, at ${short(distance)}`
}
