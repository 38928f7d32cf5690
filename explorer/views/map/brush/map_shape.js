// A box or lasso that is drawn by key: Enter sets a corner at the cursor, Escape gives the shape up.

import {LiveStroke} from "../../components/stroke.js"

export class KeyedShape {
  // `kind` is "box" or "lasso".
  constructor(kind) {
    this.kind = kind
    this.corners = []
  }

  // Sets a corner. Returns whether the shape is complete: a box by its second corner, a lasso by a corner that is
  // set twice, once it has three.
  set(place) {
    const last = this.corners.at(-1)
    const again = last !== undefined && last[0] === place[0] && last[1] === place[1]
    if (!again) {
      this.corners.push(place)
    }
    return this.kind === "box" ? this.corners.length === 2 : again && this.corners.length > 2
  }

  // The closed line to draw while the cursor is at a place.
  outline(place) {
    if (this.kind === "lasso") {
      return [...this.corners, place]
    }
    const [[x0, y0]] = this.corners
    const [x1, y1] = this.corners[1] ?? place
    return [
      [x0, y0],
      [x1, y0],
      [x1, y1],
      [x0, y1],
    ]
  }
}

// Draws shapes by key on a map, and tells the server of them as of those that a hand draws.
export class KeyedShapes {
  constructor(map) {
    this.map = map
    this.shape = null
    this.stroke = null
  }

  setCorner(kind, place) {
    const {model} = this.map
    if (this.shape === null) {
      this.shape = new KeyedShape(kind)
      this.stroke = new LiveStroke(model, kind, place)
    }
    const complete = this.shape.set(place)
    this.follow(place)
    if (complete) {
      this.stroke.close(this.shape.corners)
      this.end()
    }
  }

  // The cursor has moved: the shape reaches there.
  follow(place) {
    if (this.shape !== null) {
      this.map.overlay.showShape(this.shape.outline(place))
      this.stroke.tell(this.shape.kind === "box" ? [this.shape.corners[0], place] : this.shape.outline(place))
    }
  }

  // Returns whether there was one.
  giveUp() {
    const drawn = this.shape !== null
    if (drawn) {
      this.stroke.giveUp()
      this.end()
    }
    return drawn
  }

  end() {
    this.shape = this.stroke = null
    this.map.overlay.showShape([])
  }
}
