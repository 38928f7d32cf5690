// Meanings of keys, drags and the wheel on a map, and what they do to the part of the plane that is shown.
//
// A view is `{x0, x1, y0, y1}`, the ranges of the plane on the screen; a place is `[x, y]` in the plane.

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}
const TURNS = {a: [-1, 0], d: [1, 0], w: [0, 1], s: [0, -1]}
const STRIDE = 0.01 // of the view, for an arrow key
const LONG_STRIDE = 0.05 // the same with Shift
const STILL = 4 // pixels: a shorter drag is a click

export const ZOOM_IN = 0.8
export const ZOOM_OUT = 1.25

const hasCommand = (event) => event.ctrlKey || event.metaKey || event.altKey

// The meaning of a key that all maps share: {kind: "step" | "turn" | "zoom" | "home", ...}, or null.
export function keyMeaning(event, turns) {
  if (hasCommand(event)) {
    return null
  }
  const key = event.key.toLowerCase()
  if (event.key in ARROWS) {
    const [right, up] = ARROWS[event.key]
    return {kind: "step", right, up, stride: event.shiftKey ? LONG_STRIDE : STRIDE}
  }
  if (turns && key in TURNS) {
    const [right, up] = TURNS[key]
    return {kind: "turn", right, up}
  }
  if (key === "+" || key === "=") {
    return {kind: "zoom", factor: ZOOM_IN}
  }
  if (key === "-") {
    return {kind: "zoom", factor: ZOOM_OUT}
  }
  return key === "0" || key === "home" ? {kind: "home"} : null
}

// The meaning of a drag: "probe" decodes under the finger, "brush" selects, "turn" turns the map, "move" moves it.
// `tool` is "move" or a brush; `probes` says whether one finger decodes; `turns`, whether the map can be turned.
export function dragMeaning({tool, touch = false, probes = false, turns = false, shift = false}) {
  if (touch && probes) {
    return "probe"
  }
  if (tool !== "move") {
    return "brush"
  }
  return turns && !shift ? "turn" : "move"
}

export const isDrag = (dx, dy) => Math.hypot(dx, dy) >= STILL

export const centre = ({x0, x1, y0, y1}) => [(x0 + x1) / 2, (y0 + y1) / 2]

// The place that an arrow key leads to, from the cursor or from the centre of the view.
export function stepped(view, cursor, {right, up, stride}) {
  const [x, y] = cursor ?? centre(view)
  return [x + right * stride * (view.x1 - view.x0), y + up * stride * (view.y1 - view.y0)]
}

// The view scaled by a factor; the place stays where it is on the screen.
export function zoomed({x0, x1, y0, y1}, factor, [x, y]) {
  return {
    x0: x + (x0 - x) * factor,
    x1: x + (x1 - x) * factor,
    y0: y + (y0 - y) * factor,
    y1: y + (y1 - y) * factor,
  }
}

// The smallest view around another one with one scale on both axes, on a screen of that size.
export function fitted(view, {w, h}) {
  return around(view, Math.max((view.x1 - view.x0) / w, (view.y1 - view.y0) / h), {w, h})
}

// The view with the same middle and scale on a screen that had one size and has another.
export function resized(view, from, to) {
  return around(view, Math.max((view.x1 - view.x0) / from.w, (view.y1 - view.y0) / from.h), to)
}

// The view with that middle, of so many units for each pixel.
function around(view, unit, {w, h}) {
  const [x, y] = centre(view)
  return {
    x0: x - (unit * w) / 2,
    x1: x + (unit * w) / 2,
    y0: y - (unit * h) / 2,
    y1: y + (unit * h) / 2,
  }
}

// The view after a drag of so many pixels: the plane stays under the hand.
export function moved({x0, x1, y0, y1}, dx, dy, {w, h}) {
  const right = (dx * (x1 - x0)) / w
  const up = (-dy * (y1 - y0)) / h
  return {x0: x0 - right, x1: x1 - right, y0: y0 - up, y1: y1 - up}
}

// The factor of one turn of the wheel. A notch has 100 to 240 pixels; more than that counts as 240.
export const wheelFactor = (pixels) => Math.exp(0.0015 * Math.max(-240, Math.min(240, pixels)))

// A line drawn by a brush: around a box, or the path of a lasso. Places of the plane.
export class Stroke {
  constructor(shape, start) {
    this.shape = shape
    this.points = [start]
  }

  extend(place) {
    if (this.shape === "box") {
      this.points = [this.points[0], place]
    } else {
      this.points.push(place)
    }
  }

  // The closed line to draw.
  get outline() {
    if (this.shape !== "box" || this.points.length < 2) {
      return this.points
    }
    const [[x0, y0], [x1, y1]] = this.points
    return [
      [x0, y0],
      [x1, y0],
      [x1, y1],
      [x0, y1],
    ]
  }

  // True where it encloses something: a press that hardly moved does not. `toScreen` gives a place in pixels.
  isArea(toScreen) {
    const [left, top] = toScreen(this.points[0])
    const reach = Math.max(...this.points.map(toScreen).map(([x, y]) => Math.hypot(x - left, y - top)))
    return reach > STILL && this.points.length >= (this.shape === "box" ? 2 : 3)
  }
}

// Runs an action at most once per frame of the screen; what calls meanwhile set is seen by that one run.
export function oncePerFrame(action) {
  let scheduled = false
  return () => {
    if (!scheduled) {
      scheduled = true
      requestAnimationFrame(() => {
        scheduled = false
        action()
      })
    }
  }
}
