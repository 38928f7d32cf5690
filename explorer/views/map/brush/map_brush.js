// The brushes on the map: a shape is drawn by the hand from its first press on, however long that rests, and a press
// that rests begins a lasso with any tool. (The figure's own tools draw nothing once a press has rested: it is a click.)

import {isDrag} from "../../components/gestures.js"
import {LiveStroke} from "../../components/stroke.js"

const HELD = 450 // ms: a press that rests so long begins a lasso
const FRAMES = 5 // of the screen, at least
const CLICK = 200 // ms: the figure may take a press that rested so long for a click

export class MapBrush {
  constructor(gestures) {
    this.gestures = gestures
    this.map = gestures.map
    this.stroke = null // the shape that is drawn
    this.press = null // a press that may become a lasso by being held
  }

  // `kind` is "box" or "lasso".
  draw(event, kind) {
    this.gestures.focus()
    this.stroke = new LiveStroke(this.map.model, kind, this.gestures.toPlane(event))
    this.stroke.pointer = event.pointerId
    this.map.el.dataset.stroke = kind
  }

  drag(event) {
    if (event.pointerId === this.press?.event.pointerId) {
      this.followPress(event)
    }
    if (event.pointerId === this.stroke?.pointer) {
      this.dragStroke(event)
    }
  }

  dragStroke(event) {
    if (event.type === "pointermove") {
      this.stroke.extend(this.gestures.toPlane(event))
      this.map.overlay.showShape(this.stroke.outline)
    } else {
      this.end(event.type === "pointerup")
    }
  }

  end(complete) {
    const {stroke, map} = this
    this.stroke = null
    map.el.style.cursor = ""
    map.el.dataset.stroke = ""
    map.overlay.showShape([])
    if (complete && stroke.isArea((place) => this.gestures.toScreen(place))) {
      stroke.close()
    } else if (complete) {
      map.model.send_msg({kind: "pick", xy: stroke.points[0]}) // it was a click
    } else {
      stroke.giveUp()
    }
  }

  // A press that rests begins a lasso, whatever the tool. Frames are counted besides: before each of them the browser
  // tells of what the hand did meanwhile, however long the page was busy.
  awaitLasso(event) {
    this.forgetPress()
    const press = {event, began: performance.now(), frames: 0}
    const look = () => {
      if (this.press !== press) {
        return
      }
      press.frames += 1
      if (press.frames > FRAMES && performance.now() - press.began > HELD) {
        this.take(event)
        this.draw(event, "lasso")
        this.map.el.style.cursor = "crosshair"
      } else {
        requestAnimationFrame(look)
      }
    }
    this.press = press
    requestAnimationFrame(look)
  }

  forgetPress() {
    this.press = null
  }

  followPress({type, clientX, clientY}) {
    const {event, began} = this.press
    if (type !== "pointermove") {
      this.forgetPress()
    } else if (isDrag(clientX - event.clientX, clientY - event.clientY)) {
      this.forgetPress()
      if (performance.now() - began > CLICK && this.gestures.held !== null) {
        this.take(event)
        this.gestures.takeHold(event, "move")
      }
    }
  }

  // Takes a press over from the figure, which takes one that rests for a click.
  take(event) {
    this.forgetPress()
    const {pointerId} = event
    this.map.view.canvas_view.events_el.dispatchEvent(new PointerEvent("pointercancel", {pointerId}))
    this.gestures.letLoose()
  }
}
