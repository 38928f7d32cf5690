// The pointer, the wheel and the keyboard on the linked maps.

import {Stroke, dragMeaning, keyMeaning, moved, stepped, wheelFactor} from "../components/gestures.js"
import {toScreen} from "./compare_drawing.js"

const TOOLS = {m: "move", b: "box", l: "lasso"}
const RIGHT_MAP = 2 // on which a box by keyboard is drawn

export class CompareGestures {
  constructor(maps) {
    this.maps = maps
    this.tool = "move"
    this.cursor = null
    this.grip = null // the drag
    this.stroke = null // what it draws, with a brush
    this.corner = null // first corner of a box by keyboard
  }

  listen() {
    const {root, figures} = this.maps
    root.addEventListener("keydown", (event) => this.onKey(event))
    figures.forEach(({stage}, which) => {
      stage.addEventListener("pointerdown", (event) => this.onPress(event, which))
      stage.addEventListener("pointermove", (event) => this.onMove(event))
      stage.addEventListener("pointerup", (event) => this.onEnd(event))
      stage.addEventListener("pointercancel", (event) => this.onEnd(event))
      stage.addEventListener("wheel", (event) => this.onWheel(event), {passive: false})
    })
  }

  choose(tool) {
    this.tool = tool
    this.corner = this.stroke = null
  }

  // The line that a brush has drawn so far, in the plane.
  get outline() {
    if (this.corner === null) {
      return this.stroke?.outline
    }
    const box = new Stroke("box", this.corner)
    box.extend(this.cursor)
    return box.outline
  }

  toPlane(event) {
    const {x0, x1, y0, y1} = this.maps.view
    const box = event.currentTarget.getBoundingClientRect()
    const right = (event.clientX - box.left) / box.width
    const down = (event.clientY - box.top) / box.height
    return [x0 + right * (x1 - x0), y1 - down * (y1 - y0)]
  }

  probe(place) {
    this.cursor = place
    this.maps.paint()
    this.maps.tellCursor()
  }

  brush(which, stroke) {
    if (stroke.isArea(toScreen(this.maps.view, this.maps.size))) {
      this.maps.tell({kind: "brush", which, shape: stroke.shape, points: stroke.points})
    }
  }

  // -- the pointer -----------------------------------------------------------------------------------

  onPress(event, which) {
    const {view, root} = this.maps
    const touch = event.pointerType !== "mouse"
    if (view === null || this.grip !== null || (!touch && event.button !== 0)) {
      return
    }
    root.focus({preventScroll: true})
    root.classList.add("mouse") // a press of the mouse needs no ring around the maps; a key brings it back
    event.currentTarget.setPointerCapture(event.pointerId)
    const place = this.toPlane(event)
    const meaning = dragMeaning({tool: this.tool, touch, probes: this.tool === "move"})
    this.grip = {pointer: event.pointerId, meaning, x: event.clientX, y: event.clientY, view, which}
    if (meaning === "brush") {
      this.stroke = new Stroke(this.tool, place)
    } else if (meaning === "probe") {
      this.probe(place)
    }
  }

  onMove(event) {
    const {grip, maps} = this
    if (maps.view === null) {
      return
    }
    const place = this.toPlane(event)
    if (event.pointerId !== grip?.pointer) {
      if (event.pointerType === "mouse") {
        this.probe(place)
      }
    } else if (grip.meaning === "brush") {
      this.stroke?.extend(place)
      maps.paint()
    } else if (grip.meaning === "probe") {
      this.probe(place)
    } else {
      const dx = event.clientX - grip.x
      const dy = event.clientY - grip.y
      if (dx || dy) {
        maps.move(moved(grip.view, dx, dy, maps.size))
      }
    }
  }

  onEnd(event) {
    const {grip, stroke} = this
    if (event.pointerId !== grip?.pointer) {
      return
    }
    if (stroke !== null && event.type === "pointerup") {
      this.brush(grip.which, stroke)
    }
    this.stroke = this.grip = null
    this.maps.paint()
  }

  onWheel(event) {
    if (this.maps.view !== null) {
      event.preventDefault()
      this.maps.zoom(wheelFactor(event.deltaY), this.toPlane(event))
    }
  }

  // -- keys ------------------------------------------------------------------------------------------

  onKey(event) {
    const {maps, cursor} = this
    maps.root.classList.remove("mouse")
    if (maps.view === null || event.ctrlKey || event.metaKey || event.altKey) {
      return
    }
    const meaning = keyMeaning(event, maps.model.state.turns)
    if (meaning?.kind === "step") {
      this.probe(stepped(maps.view, cursor, meaning))
    } else if (meaning?.kind === "turn") {
      maps.tell({kind: "turn", right: meaning.right, up: meaning.up})
    } else if (meaning?.kind === "zoom") {
      maps.zoom(meaning.factor, cursor)
    } else if (meaning?.kind === "home") {
      maps.goHome()
    } else if (!this.doOwnKey(event)) {
      return
    }
    event.preventDefault()
  }

  // Keys that only these maps have. Returns whether it was one of them.
  doOwnKey(event) {
    const {maps, cursor} = this
    const key = event.key.toLowerCase()
    if (key in TOOLS) {
      maps.choose(TOOLS[key])
    } else if (key === "x") {
      maps.tell({kind: "swap"})
    } else if (event.key === "Enter" && this.tool === "box" && cursor) {
      this.setCorner()
      maps.paint()
    } else if (event.key === "Escape" && (this.corner || this.stroke)) {
      this.corner = this.stroke = null
      maps.paint()
    } else {
      return false
    }
    return true
  }

  setCorner() {
    if (this.corner === null) {
      this.corner = [...this.cursor]
      return
    }
    const box = new Stroke("box", this.corner)
    box.extend(this.cursor)
    this.brush(RIGHT_MAP, box)
    this.corner = null
  }
}
