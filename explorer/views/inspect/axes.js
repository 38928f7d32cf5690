// A bar per latent axis, and the sample that their code decodes to. A bar under the hand follows the hand, the others
// follow what comes back.

import {focusedBeside, make, makeButton} from "../components/dom.js"
import {oncePerFrame} from "../components/gestures.js"
import {unpack} from "../components/messages.js"
import {AxisBar, titleRow} from "./axis_bar.js"
import {AxesSample} from "./axes_sample.js"

const RESET = "Put every bar back to where it began; a double click on a bar puts back that one"
const WAIT = "The axes are measured once there is a map."

export function render({model, el}) {
  const axes = new Axes(model)
  el.append(axes.root)
  model.on(["axes", "note"], () => axes.showAxes())
  model.on("start", () => axes.showStart())
  model.on("frame", () => axes.showFrame())
  axes.showAxes()
  axes.showFrame()
  model.send_msg({kind: "ready"})
}

class Axes {
  constructor(model) {
    this.model = model
    this.bars = [] // by axis
    this.held = null // axis of the bar under the hand
    this.isStale = false // whether new axes came while a hand held a bar
    this.code = null // the newest code that came back
    this.waiting = new Map() // values that go with the next message, by axis
    this.sendSoon = oncePerFrame(() => this.sendMoves())
    this.sentence = make("p", "lx-axes-summary")
    this.sentence.setAttribute("role", "status")
    this.from = make("p", "from lx-axes-start")
    const resetAll = () => model.send_msg({kind: "reset", axis: null})
    const head = make("div", "head")
    head.append(this.sentence, this.from, makeButton("reset lx-axes-reset", "Reset all", RESET, resetAll))
    this.list = make("div", "list")
    this.sample = new AxesSample(model)
    this.root = make("div", "axes")
    this.root.append(head, this.list, this.sample.root)
  }

  // -- what a hand does on a bar ---------------------------------------------------------------------

  // Sends a value at most once a frame of the screen; the newest wins.
  move(axis, value) {
    this.waiting.set(axis, value)
    this.sendSoon()
    this.bars[axis].show(value)
  }

  sendMoves() {
    for (const [axis, value] of this.waiting) {
      this.model.send_msg({kind: "move", axis, value})
    }
    this.waiting.clear()
  }

  hold(axis) {
    this.held = axis
  }

  letGo() {
    this.held = null
    if (this.isStale) {
      this.showAxes()
    }
  }

  reset(axis) {
    this.waiting.delete(axis)
    this.model.send_msg({kind: "reset", axis})
  }

  // -- what the server sends -------------------------------------------------------------------------

  showAxes() {
    this.isStale = this.held !== null
    if (this.isStale) {
      return // a new model while a hand drags: its bars come when the hand lets go
    }
    const {model, sentence, list} = this
    const {order, sentence: text, collapsed} = model.axes
    sentence.textContent = text || model.note || WAIT
    sentence.classList.toggle("collapsed", Boolean(collapsed))
    this.root.classList.toggle("empty", !order)
    this.bars = []
    if (!order) {
      list.replaceChildren()
      this.sample.wipe()
      return
    }
    const focused = focusedBeside(this.root)?.dataset?.axis
    const at = list.scrollTop
    for (const axis of order) {
      this.bars[axis] = new AxisBar(axis, model.axes, this)
    }
    list.replaceChildren(titleRow(model.axes), ...order.map((axis) => this.bars[axis].root))
    list.scrollTop = at
    if (focused !== undefined) {
      this.bars[focused]?.slider.focus() // a new model must not take the keyboard's place away
    }
    this.showStart()
  }

  showStart() {
    const {start} = this.model
    const {bars, code} = this
    if (!start.code || start.code.length !== bars.length) {
      return
    }
    this.from.textContent = `From ${start.name}.`
    bars.forEach((bar) => bar.begin(start))
    this.showCode(code && code.length === bars.length ? code : start.code)
  }

  showCode(values) {
    values.forEach((value, axis) => {
      if (axis !== this.held && !this.waiting.has(axis)) {
        this.bars[axis].show(value)
      }
    })
  }

  showFrame() {
    if (this.model.frame.byteLength === 0) {
      this.code = null
      return
    }
    const [head, bytes] = unpack(this.model.frame)
    this.code = head.code
    if (head.code.length === this.bars.length) {
      this.showCode(head.code)
    }
    this.sample.show(head, bytes)
  }
}
