// The bar of one latent axis: its range, where it began, its code, and its figures.

import {make, setAttributes} from "../components/dom.js"
import {short, signed} from "../components/numbers.js"

const INACTIVE =
  "Inactive: over the samples its expected values vary by no more than 1 % of the prior's variance, so it says nothing about them and the decoder has learned to ignore it."

const nameOf = (axis) => `z${axis + 1}`

export class AxisBar {
  // `axes`: what each axis says, and its range. `hand` hears what a hand does: move, hold, letGo and reset.
  constructor(axis, {low, high, active, kl, variance}, hand) {
    this.axis = axis
    this.low = low[axis]
    this.high = high[axis]
    this.hand = hand
    this.now = null // the value that is shown
    const isInactive = Boolean(active && !active[axis])
    this.slider = this.makeSlider(isInactive)
    this.value = make("span", "value")
    this.spread = make("span", "number spread")
    this.here = make("span", "number here")
    const mean = make("span", "number mean", kl ? kl[axis].toFixed(2) : short(variance[axis]))
    const name = make("span", "name", nameOf(axis))
    if (isInactive) {
      const mark = make("span", "mark", "inactive")
      mark.title = INACTIVE
      name.append(mark)
    }
    this.root = make("div", "row")
    this.root.append(name, this.slider, this.value, this.spread, this.here, mean)
  }

  makeSlider(isInactive) {
    const {axis, low, high} = this
    const name = nameOf(axis)
    const slider = setAttributes(make("div", "slider"), {
      role: "slider",
      "aria-label": `Axis ${name}${isInactive ? ", inactive" : ""}`,
      "aria-valuemin": low.toFixed(2),
      "aria-valuemax": high.toFixed(2),
    })
    slider.tabIndex = 0
    slider.dataset.axis = axis
    const range = `from ${signed(low).trim()} to ${signed(high).trim()}`
    slider.title = `${name} ${range}: drag, or arrow keys (with Shift ten steps); double click or Backspace resets`
    const zero = make("span", "zero")
    zero.style.left = `${this.percentOf(0)}%`
    this.bar = make("span", "bar")
    this.whisker = make("span", "whisker")
    this.began = make("span", "began")
    this.knob = make("span", "knob")
    slider.append(make("span", "track"), zero, this.whisker, this.bar, this.began, this.knob)
    this.listen(slider)
    return slider
  }

  listen(slider) {
    const {axis, hand} = this
    let isHeld = false
    slider.addEventListener("pointerdown", (event) => {
      if (event.button === 0) {
        isHeld = true
        hand.hold(axis)
        slider.setPointerCapture(event.pointerId)
        hand.move(axis, this.valueUnder(event))
      }
    })
    slider.addEventListener("pointermove", (event) => {
      if (isHeld) {
        hand.move(axis, this.valueUnder(event))
      }
    })
    for (const end of ["pointerup", "pointercancel"]) {
      slider.addEventListener(end, () => {
        isHeld = false
        hand.letGo()
      })
    }
    slider.addEventListener("dblclick", () => hand.reset(axis))
    slider.addEventListener("keydown", (event) => this.onKey(event))
  }

  onKey(event) {
    const {low, high, axis, hand} = this
    const step = ((high - low) / 100) * (event.shiftKey ? 10 : 1)
    const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10}[
      event.key
    ]
    const to = steps === undefined ? {Home: low, End: high}[event.key] : this.now + steps * step
    if (to !== undefined) {
      event.preventDefault()
      hand.move(axis, Math.min(high, Math.max(low, to)))
    } else if (event.key === "Backspace" || event.key === "Delete") {
      event.preventDefault()
      hand.reset(axis)
    }
  }

  // Position of a value on the slider, in percent of its width.
  percentOf(value) {
    return 100 * Math.min(1, Math.max(0, (value - this.low) / (this.high - this.low)))
  }

  valueUnder(event) {
    const box = this.slider.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
    return this.low + (this.high - this.low) * share
  }

  show(value) {
    if (value === this.now) {
      return
    }
    this.now = value
    const from = this.percentOf(Math.min(this.high, Math.max(this.low, 0)))
    const to = this.percentOf(value)
    this.bar.style.left = `${Math.min(from, to)}%`
    this.bar.style.width = `${Math.abs(to - from)}%`
    this.knob.style.left = `${to}%`
    this.value.textContent = signed(value)
    this.slider.setAttribute("aria-valuenow", value.toFixed(3))
    this.slider.setAttribute("aria-valuetext", `${value.toFixed(2)} latent units`)
  }

  // Shows where the bar began, with the posterior's spread around it.
  begin({code, spread, kl}) {
    const at = code[this.axis]
    const sigma = spread ? spread[this.axis] : 0
    this.began.style.left = `${this.percentOf(at)}%`
    this.whisker.style.left = `${this.percentOf(at - sigma)}%`
    this.whisker.style.width = `${this.percentOf(at + sigma) - this.percentOf(at - sigma)}%`
    this.spread.textContent = `±${sigma.toFixed(2)}`
    this.here.textContent = kl ? kl[this.axis].toFixed(2) : ""
  }
}

export function titleRow({kl}) {
  const row = make("div", "row titles")
  for (const [className, text, help] of [
    [
      "name",
      "axis",
      kl
        ? "Latent axes, those with the largest mean KL first."
        : "Latent axes, those whose codes vary most first.",
    ],
    [
      "wide",
      "code",
      "The bar is the code that is decoded; the thin mark is where it began, with the posterior's spread around it.",
    ],
    ["value", "value", "The code along this axis, in latent units."],
    [
      "number spread",
      "spread",
      "Standard deviation of the posterior along this axis, in latent units; 0 where a sample is one place.",
    ],
    [
      "number here",
      kl ? "KL here" : "",
      "KL of this sample's posterior from the prior along this axis, in nats.",
    ],
    [
      "number mean",
      kl ? "mean KL" : "variance",
      kl
        ? "KL along this axis, mean over all samples, in nats."
        : "Variance of the codes along this axis over all samples, in squared latent units.",
    ],
  ]) {
    const cell = make("span", className, text)
    cell.title = help
    row.append(cell)
  }
  return row
}
