// The keyboard, the pointer and the finger on the map. The tools of the figure pan, zoom and select by themselves;
// what they do not know is done here: turning, moving with Shift, pinning, one finger that decodes, and keys.

import {dragMeaning, isDrag, keyMeaning, moved, stepped} from "../components/gestures.js"
import {MapBrush} from "./brush/map_brush.js"
import {KeyedShapes} from "./brush/map_shape.js"

const TAP = 6 // pixels: a finger that moved less has tapped
const TOOLS = {b: "BoxSelectTool", l: "LassoSelectTool", m: "PanTool"} // by key
const SHAPES = {BoxSelectTool: "box", LassoSelectTool: "lasso"}
const DRAG_EVENTS = ["pointermove", "pointerup", "pointercancel"]

export class MapGestures {
  constructor(map) {
    this.map = map
    this.cursor = null // place that keys start from, and that they zoom about
    this.grip = null // the drag that turns, or moves with Shift
    this.finger = null // the finger that decodes
    this.held = null // pointer that the figure's own pan tool follows
    this.turn = null // the newest turn, until it has been sent
    this.turns = 0 // number of the drag that turns
    this.brush = new MapBrush(this)
    this.keyed = new KeyedShapes(map)
    this.onDrag = (event) => this.drag(event)
  }

  listen() {
    const {el, model} = this.map
    el.addEventListener("keydown", (event) => this.onKey(event))
    el.addEventListener("pointerdown", (event) => this.onPress(event), {capture: true})
    for (const name of DRAG_EVENTS) {
      window.addEventListener(name, this.onDrag, {capture: true}) // a drag may leave the map
    }
    el.addEventListener("pointermove", (event) => this.onHover(event), {passive: true})
    const keepPage = (event) => {
      if (model.probe && event.touches.length === 1) {
        event.preventDefault() // the page would scroll under the finger
      }
    }
    el.addEventListener("touchmove", keepPage, {passive: false, capture: true})
  }

  close() {
    this.brush.forgetPress()
    for (const name of DRAG_EVENTS) {
      window.removeEventListener(name, this.onDrag, {capture: true})
    }
  }

  // The turn that goes with the next question. It is a draft while the hand still turns.
  takeTurn() {
    const {turn} = this
    const held = this.grip !== null
    if (!held) {
      this.turn = null
    }
    return {turn, draft: held && turn !== null}
  }

  // -- places ----------------------------------------------------------------------------------------

  onScreen(event) {
    const box = this.map.view.canvas_view.el.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  toPlane(event) {
    const {x_scale, y_scale} = this.map.view.frame
    const [left, top] = this.onScreen(event)
    return [x_scale.invert(left), y_scale.invert(top)]
  }

  toScreen([x, y]) {
    const {x_scale, y_scale} = this.map.view.frame
    return [x_scale.compute(x), y_scale.compute(y)]
  }

  isInside(event) {
    return this.map.view.frame.bbox.contains(...this.onScreen(event))
  }

  // The tool that a drag belongs to: "move" for the pan tool, else that of the figure.
  get tool() {
    const {active} = this.map.plot.toolbar.gestures.pan
    const {type} = (active?.tools ? active.tools[0] : active) ?? {}
    return type === "PanTool" ? "move" : type
  }

  probe(x, y) {
    this.cursor = [x, y]
    this.map.overlay.showMark([x], [y])
    this.map.model.send_msg({kind: "cursor", xy: [x, y]})
  }

  onHover(event) {
    if (event.pointerType === "mouse" && this.isInside(event)) {
      this.cursor = this.toPlane(event)
    }
  }

  // -- drags -----------------------------------------------------------------------------------------

  onPress(event) {
    if (event.button !== 0 || !this.isInside(event)) {
      return
    }
    if (this.brush.stroke !== null) {
      this.brush.end(false) // a second finger: it is no brush
      return
    }
    const {probe: probes, turns} = this.map.model
    const {shiftKey: shift, pointerId: pointer} = event
    const touch = event.pointerType === "touch"
    const meaning = dragMeaning({tool: this.tool, touch, probes, turns, shift})
    if (meaning === "probe" && this.finger === null) {
      this.finger = {pointer, x: event.clientX, y: event.clientY}
      this.probe(...this.toPlane(event))
      claim(event)
    } else if ((meaning === "turn" || (meaning === "move" && shift)) && this.grip === null) {
      this.takeHold(event, meaning)
      this.brush.awaitLasso(event)
      claim(event)
    } else if (meaning === "move" && !shift) {
      this.hold(pointer)
      this.brush.awaitLasso(event)
    } else if (meaning === "brush" && SHAPES[this.tool] === undefined) {
      this.brush.awaitLasso(event) // no tool is chosen
    } else if (meaning === "brush") {
      this.brush.draw(event, SHAPES[this.tool])
      if (!touch) {
        claim(event) // the figure's own brush draws nothing where the hand rested before it moved
      }
    }
  }

  drag(event) {
    const {pointerId: pointer, type} = event
    if (pointer === this.held && (type !== "pointermove" || event.buttons === 0)) {
      this.hold(null)
    }
    this.brush.drag(event)
    if (pointer === this.finger?.pointer) {
      this.dragFinger(event)
      claim(event)
    } else if (pointer === this.grip?.pointer) {
      this.dragGrip(event)
      claim(event)
    }
  }

  // The place that the pan tool holds stays under the hand, so nothing new is decoded until it lets go: the figure
  // tells of each move before it has moved the map, and would name another place.
  hold(pointer) {
    this.held = pointer
    this.map.model.send_msg({kind: "hold", on: pointer !== null})
  }

  takeHold(event, meaning) {
    const {ranges} = this.map
    this.focus()
    this.grip = {
      pointer: event.pointerId,
      meaning,
      x: event.clientX,
      y: event.clientY,
      start: this.toPlane(event),
      ranges,
      moved: false,
    }
  }

  // No drag is followed any more: the press has become something else.
  letLoose() {
    this.grip = null
    if (this.held !== null) {
      this.hold(null)
    }
  }

  focus() {
    const {el} = this.map
    el.style.outline = "none" // a press of the mouse needs no ring around the map; a key brings it back
    el.focus({preventScroll: true})
  }

  dragGrip(event) {
    const {grip, map} = this
    const dx = event.clientX - grip.x
    const dy = event.clientY - grip.y
    if (!grip.moved && isDrag(dx, dy)) {
      grip.moved = true
      this.turns += 1
    }
    if (grip.moved && grip.meaning === "move") {
      map.look(moved(grip.ranges, dx, dy, map.size))
    } else if (grip.moved) {
      this.turn = {gesture: this.turns, from: grip.start, to: this.toPlane(event)}
      map.requests.ask()
    }
    if (event.type !== "pointermove") {
      this.letGo(event.type === "pointerup")
    }
  }

  letGo(isClick) {
    const {moved: dragged, meaning, start} = this.grip
    this.grip = null
    if (!dragged && isClick) {
      this.map.model.send_msg({kind: meaning === "move" ? "pin" : "pick", xy: start})
    } else if (dragged && meaning === "turn") {
      this.map.requests.ask() // once more, with every pixel
    }
  }

  dragFinger(event) {
    const {finger} = this
    const [x, y] = this.toPlane(event)
    if (event.type === "pointermove") {
      this.probe(x, y)
      return
    }
    this.finger = null
    if (event.type === "pointerup" && Math.hypot(event.clientX - finger.x, event.clientY - finger.y) < TAP) {
      this.map.model.send_msg({kind: "pick", xy: [x, y]})
    }
  }

  // -- keys ------------------------------------------------------------------------------------------

  onKey(event) {
    const {map, cursor} = this
    const {model} = map
    map.el.style.outline = ""
    const meaning = keyMeaning(event, model.turns)
    if (meaning?.kind === "step") {
      this.probe(...stepped(map.ranges, cursor, meaning))
      this.keyed.follow(this.cursor)
    } else if (meaning?.kind === "turn") {
      this.turn = null
      model.send_msg({kind: "step", right: meaning.right, up: meaning.up})
    } else if (meaning?.kind === "zoom") {
      map.zoom(meaning.factor)
    } else if (meaning?.kind === "home") {
      map.goHome()
    } else if (event.key === "Escape" && this.brush.stroke) {
      this.brush.end(false)
    } else if (event.ctrlKey || event.metaKey || event.altKey || !this.doToolKey(event)) {
      return
    }
    event.preventDefault()
  }

  // Keys that choose a tool, and what Enter and Escape mean for it. Returns whether it was one of them.
  doToolKey({key, shiftKey}) {
    const {cursor, keyed, map} = this
    const shape = SHAPES[this.tool]
    if (key.toLowerCase() in TOOLS) {
      keyed.giveUp()
      this.chooseTool(TOOLS[key.toLowerCase()])
    } else if (key === "Escape") {
      return keyed.giveUp()
    } else if (key === "Enter" && cursor && shape !== undefined && !shiftKey) {
      keyed.setCorner(shape, cursor)
    } else if (key === "Enter" && cursor) {
      map.model.send_msg({kind: shiftKey ? "pin" : "pick", xy: cursor})
    } else {
      return false
    }
    return true
  }

  chooseTool(type) {
    const {tools} = this.map.plot.toolbar.gestures.pan
    const tool = tools.find((one) => (one.tools?.[0] ?? one).type === type)
    if (tool !== undefined) {
      tool.active = true
    }
  }
}

// The figure's own gestures do not see this event: they would move the map as well.
function claim(event) {
  event.stopPropagation()
  event.preventDefault()
}
