// The shape that a brush draws: told to the server while it grows, so that what it selects is seen before it is closed.

import {Stroke} from "./gestures.js"

const APART = 60 // ms, at least, between two reports
const MOST = 400 // corners that are told of a lasso that still grows

let strokes = 0

export class LiveStroke extends Stroke {
  constructor(model, shape, start) {
    super(shape, start)
    strokes += 1
    this.model = model
    this.number = strokes
    this.told = 0
  }

  extend(place) {
    super.extend(place)
    const now = performance.now()
    if (now - this.told > APART && (this.shape === "box" || this.points.length > 2)) {
      this.told = now
      const {points} = this
      const every = Math.ceil(points.length / MOST)
      this.tell(points.filter((_, at) => at % every === 0 || at === points.length - 1))
    }
  }

  tell(path) {
    this.model.send_msg({kind: "draw", stroke: this.number, shape: this.shape, path})
  }

  // Ends the shape: what lies inside it stays selected. It is told as a whole first: one that was drawn too fast to be
  // told of would end the shape before it, and that may have been given up.
  close(path = this.points) {
    this.tell(path)
    this.model.send_msg({kind: "brush", shape: this.shape, path})
  }

  // Gives the shape up: what was selected before is selected again.
  giveUp() {
    this.model.send_msg({kind: "cancel"})
  }
}
