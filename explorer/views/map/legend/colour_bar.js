// The scale of a numeric colouring, under a histogram of its values. A drag along it selects the samples in a range, a
// press on a bar those of the bar. By keyboard: arrows with Shift and Enter, or two numbers.
//
// The scale is cut into cells, whose counts come with it. So the number of samples in a range is known here, while it is
// dragged, and is the number that the server selects.

import {make, makeButton, setAttributes} from "../../components/dom.js"
import {short} from "../../components/numbers.js"

const BARS = 32
const STILL = 4 // pixels: a shorter drag is a press

const HELP =
  "Drag along the scale to select the samples in a range, or press a bar. By keyboard: arrows, with Shift to " +
  "extend, Enter to select, Escape to cancel."

export const total = (counts, start, stop) => counts.slice(start, stop).reduce((sum, count) => sum + count, 0)

// The cells between two places of the scale, each from 0 to 1, as [start, stop]; in either order.
export function cellsBetween(one, other, cells) {
  const [start, stop] = [one, other].map((place) => Math.round(Math.min(1, Math.max(0, place)) * cells))
  return start < stop ? [start, stop] : [stop, start]
}

// The cells of the bar at a place.
export function cellsOfBar(place, cells) {
  const bar = Math.min(BARS - 1, Math.floor(Math.min(1, Math.max(0, place)) * BARS))
  return [(bar * cells) / BARS, ((bar + 1) * cells) / BARS]
}

// The range in words. The first and the last cell hold what lies beyond the scale too.
export function inWords([start, stop], [low, high], counts) {
  const value = (cell) => short(low + ((high - low) * cell) / counts.length)
  const count = total(counts, start, stop)
  const open = [start === 0, stop === counts.length]
  let range = `${value(start)} to ${value(stop)}`
  if (open[0] || open[1]) {
    range = open[0] && open[1] ? "all values" : open[0] ? `below ${value(stop)}` : `from ${value(start)}`
  }
  return `${range}: ${count.toLocaleString("en")}`
}

export class ColourBar {
  // `tell` takes {kind: "cells", start, stop, number} or {kind: "between", low, high}.
  constructor(tell) {
    this.tell = tell
    this.ramp = {counts: [], ends: [0, 1]}
    this.pressed = null // the place where a drag began
    this.anchor = null // the cell where a range began by keyboard
    this.focus = null // the cell where it ends
    this.range = null // the cells that are marked
    this.title = make("p")
    this.bars = Array.from({length: BARS}, () => make("span"))
    this.scale = make("div", "scale")
    this.mark = make("div", "range")
    this.track = setAttributes(make("div", "track"), {tabindex: 0, role: "group", title: HELP})
    const histogram = setAttributes(make("div", "histogram"), {"aria-hidden": true})
    histogram.append(...this.bars)
    this.track.append(histogram, this.scale, this.mark)
    this.low = make("span")
    this.high = make("span")
    this.said = setAttributes(make("output", "lx-range"), {"aria-live": "polite"})
    const ends = make("div", "ends")
    ends.append(this.low, this.said, this.high)
    this.element = make("div", "colour-bar")
    this.element.append(this.title, this.track, ends, this.makeNumbers())
    this.listen()
  }

  makeNumbers() {
    const field = (label) => {
      const input = setAttributes(make("input"), {type: "number", step: "any", "aria-label": label})
      input.addEventListener("keydown", (event) => event.key === "Enter" && this.selectNumbers())
      return input
    }
    this.from = field("Select values from")
    this.to = field("Select values up to")
    const help = "Select the samples whose value lies between these two numbers, ends included."
    const numbers = make("div", "numbers")
    const select = makeButton("small lx-between", "select", help, () => this.selectNumbers())
    numbers.append(this.from, make("span", "", "to"), this.to, select)
    return numbers
  }

  listen() {
    const {track} = this
    track.addEventListener("pointerdown", (event) => this.press(event))
    track.addEventListener("pointermove", (event) => this.move(event))
    track.addEventListener("pointerup", (event) => this.release(event))
    track.addEventListener("pointercancel", () => this.cancel())
    track.addEventListener("pointerleave", () => this.pressed === null && this.showRange(null))
    track.addEventListener("keydown", (event) => this.key(event))
    track.addEventListener("blur", () => this.pressed === null && this.cancel())
  }

  show(ramp) {
    if (this.pressed) {
      this.waiting = ramp // what is dragged over stays as it is until the hand lets go
      return
    }
    const other = ramp.name !== this.ramp.name
    this.ramp = {counts: [], ends: [0, 1], ...ramp}
    const {name, low, high, colours, counts} = this.ramp
    this.title.textContent = name
    this.track.setAttribute("aria-label", name)
    this.scale.style.background = `linear-gradient(to right, ${colours.join(", ")})`
    this.low.textContent = low
    this.high.textContent = high
    this.from.placeholder = low
    this.to.placeholder = high
    const heights = this.bars.map((_, bar) => total(counts, ...cellsOfBar(bar / BARS, counts.length)))
    const most = Math.max(1, ...heights)
    this.bars.forEach((bar, index) => {
      bar.style.height = heights[index] ? `${Math.max(7, (100 * heights[index]) / most)}%` : "0"
    })
    if (other) {
      this.cancel()
      this.from.value = ""
      this.to.value = ""
    }
  }

  get cells() {
    return this.ramp.counts.length
  }

  place(event) {
    const box = this.track.getBoundingClientRect()
    return (event.clientX - box.left) / box.width
  }

  press(event) {
    if (event.button !== 0 || !this.cells) {
      return
    }
    this.track.setPointerCapture(event.pointerId)
    this.pressed = {place: this.place(event), x: event.clientX, moved: false}
    this.anchor = null
    // Not only while the bar has the keyboard: Escape cancels a drag wherever that is.
    this.escape = (key) => key.key === "Escape" && this.cancel()
    window.addEventListener("keydown", this.escape, true)
  }

  move(event) {
    if (!this.cells) {
      return
    }
    const at = this.place(event)
    if (this.pressed === null) {
      if (event.pointerType === "mouse" && this.anchor === null) {
        this.showRange(cellsOfBar(at, this.cells))
      }
      return
    }
    this.pressed.moved ||= Math.abs(event.clientX - this.pressed.x) >= STILL
    if (this.pressed.moved) {
      this.showRange(cellsBetween(this.pressed.place, at, this.cells))
    }
  }

  release(event) {
    const {pressed} = this
    if (pressed === null) {
      return
    }
    const at = this.place(event)
    const range = pressed.moved
      ? cellsBetween(pressed.place, at, this.cells)
      : cellsOfBar(pressed.place, this.cells)
    this.selectCells(range)
    this.cancel()
  }

  cancel() {
    window.removeEventListener("keydown", this.escape, true)
    this.pressed = null
    if (this.waiting) {
      const ramp = this.waiting
      this.waiting = null
      this.show(ramp)
    }
    this.anchor = null
    this.focus = null
    this.showRange(null)
  }

  // The arrows move by a bar; with Shift the range grows from where they stood.
  key(event) {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key]
    if (step && this.cells) {
      event.preventDefault()
      const stride = this.cells / BARS
      const from = this.focus ?? (step > 0 ? 0 : this.cells)
      this.focus = Math.min(this.cells, Math.max(0, from + step * stride))
      if (!event.shiftKey) {
        this.anchor = this.focus
      }
      this.anchor ??= from
      this.showRange([Math.min(this.anchor, this.focus), Math.max(this.anchor, this.focus)])
    } else if (event.key === "Enter" && this.range && this.anchor !== null) {
      this.selectCells(this.range)
      this.cancel()
    } else if (event.key === "Escape") {
      this.cancel()
    }
  }

  showRange(range) {
    this.range = range
    this.mark.hidden = !range
    this.said.textContent = range ? inWords(range, this.ramp.ends, this.ramp.counts) : ""
    if (range) {
      const [start, stop] = range.map((cell) => (100 * cell) / this.cells)
      this.mark.style.left = `${start}%`
      this.mark.style.width = `${stop - start}%`
    }
  }

  selectCells([start, stop]) {
    if (start < stop) {
      this.tell({kind: "cells", start, stop, number: this.ramp.number})
    }
  }

  // A field that is left empty leaves that side open.
  selectNumbers() {
    const numbers = [this.from, this.to].map(({valueAsNumber}) => valueAsNumber)
    if (numbers.some((number) => !Number.isNaN(number))) {
      const [low, high] = numbers.map((number) => (Number.isNaN(number) ? null : number))
      this.tell({kind: "between", low, high})
    }
  }
}
