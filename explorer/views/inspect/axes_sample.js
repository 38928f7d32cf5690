// The sample that the code of the bars decodes to, and the nearest one of the data.

import {make, setAttributes} from "../components/dom.js"
import {draw, wipe} from "../components/drawing.js"
import {samples} from "../components/messages.js"
import {percent, short} from "../components/numbers.js"

export class AxesSample {
  constructor(model) {
    this.model = model
    this.frames = 0
    this.canvas = make("canvas", "lx-axes-frame")
    this.canvas.setAttribute("role", "img")
    this.canvas.setAttribute("aria-label", "The decoded sample of this code")
    this.canvas.dataset.frames = 0
    this.nearest = make("canvas", "nearest")
    setAttributes(this.nearest, {role: "img", "aria-label": "Nearest sample: none yet"})
    this.caption = make("figcaption", "", "decoded")
    this.nearestCaption = make("figcaption", "", "nearest sample")
    const decoded = make("figure")
    this.beside = make("figure")
    decoded.append(this.canvas, this.caption)
    this.beside.append(this.nearest, this.nearestCaption)
    this.strip = make("div", "strip")
    this.strip.append(decoded, this.beside)
    this.readout = make("p", "readout lx-axes-readout")
    this.root = make("div", "side")
    this.root.append(this.strip, this.readout)
  }

  wipe() {
    wipe(this.canvas)
  }

  show(head, bytes) {
    const {drawing} = this.model
    const profile = drawing.kind === "profile"
    const [sample, near] = samples(bytes, head.nearest == null ? 1 : 2)
    this.strip.classList.toggle("profiles", profile)
    this.beside.hidden = profile || near === undefined
    const named = nameOf(head)
    this.caption.textContent = profile && near ? `● decoded   ▏nearest row ${named}` : "decoded"
    draw(this.canvas, drawing, sample, near)
    if (!profile && near) {
      draw(this.nearest, drawing, near)
      this.nearestCaption.textContent = `nearest: ${named}`
      this.nearest.setAttribute("aria-label", `Nearest sample ${named}`)
    }
    this.readout.textContent = supportText(head)
    this.frames += 1
    this.canvas.dataset.frames = this.frames
  }
}

function nameOf({nearest, label}) {
  return nearest == null ? "" : `#${nearest}${label ? `, ${label}` : ""}`
}

function supportText(head) {
  const {support, distance} = head
  if (support == null) {
    return "support: being computed"
  }
  const none = support < 0.01 ? " – no sample near" : ""
  return `support ${percent(support)}${none} · nearest ${nameOf(head)}, at ${short(distance)}`
}
