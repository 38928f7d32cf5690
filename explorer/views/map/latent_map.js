// The browser's half of the map: paints the pixels that arrive into the figure's image glyph, and tells the server
// which ranges are on the screen.

import {centre, fitted, resized, zoomed} from "../components/gestures.js"
import {ArrivalOrder, RequestWindow} from "../components/request_window.js"
import {MapGestures} from "./map_gestures.js"
import {decodePixels, unpackMap} from "./map_message.js"
import {MapOverlay} from "./map_overlay.js"

// The server paints one map while the one before is on its way and unpacked.
const IN_FLIGHT = 2

const HELP =
  "The latent space. Arrow keys move the cursor, Enter picks the nearest sample, Shift and Enter pins what is " +
  "decoded, plus and minus zoom, 0 shows everything. W, A, S and D turn what can be turned. B and L choose box and " +
  "lasso: Enter then sets a corner, and the last corner of a lasso twice; Escape gives the shape up, M moves again."

// Bokeh draws a dotted ring around a figure that has the focus. Only the keyboard needs it: a press shows where it is.
const NO_RING_AFTER_A_PRESS = ".bk-events:focus:not(:focus-visible) { outline: none; }"

// The figure is laid out after this component, so the work begins when the figure is there.
export function render({model}) {
  plotView(model).then((view) => new LatentMap(model, view).begin())
}

async function plotView(model) {
  for (;;) {
    const plot = model.document && model.document.get_model_by_name(model.plot)
    const view = plot && window.Bokeh.index.find_one(plot)
    if (view && view.frame && view.frame.bbox.width > 20) {
      return view
    }
    await new Promise((resolve) => requestAnimationFrame(resolve))
  }
}

class LatentMap {
  constructor(model, view) {
    this.model = model
    this.view = view
    this.plot = view.model
    this.el = view.el
    this.image = this.plot.renderers.find((renderer) => renderer.name === "lx-pixels").data_source
    this.Pixels = this.image.data.image[0].constructor
    this.overlay = new MapOverlay(this.plot, this.el)
    this.maps = 0
    this.home = true // everything is shown, whatever that is
    this.following = false // ranges are being set by the server, not by a hand
    this.asking = false
    this.laidOut = null // size of the frame that the ranges are made for
    this.requests = new RequestWindow((sequence) => this.send(sequence), IN_FLIGHT)
    this.order = new ArrivalOrder()
    this.gestures = new MapGestures(this)
  }

  async begin() {
    const {el, model, plot, view} = this
    el.tabIndex = 0
    el.setAttribute("role", "application")
    el.setAttribute("aria-label", HELP)
    view.canvas_view.model.setv({stylesheets: [NO_RING_AFTER_A_PRESS]}, {sync: false})
    this.gestures.listen()
    const {x_range, y_range} = plot
    const ends = [x_range, y_range].flatMap(({properties}) => [properties.start, properties.end])
    const onRange = () => this.onRange()
    ends.forEach((property) => property.change.connect(onRange))
    plot.on_event("reset", () => this.goHome())
    // Not the size of the element: that changes before the figure is laid out anew, and wider numbers at the axis make
    // the frame narrower while the element stays.
    const frame = [plot.properties.inner_width, plot.properties.inner_height]
    const onFrame = () => queueMicrotask(() => this.onFrame())
    frame.forEach((property) => property.change.connect(onFrame))
    model.on("pixels", () => this.paint())
    model.on("mark", () => this.overlay.showMark(model.mark.slice(0, 1), model.mark.slice(1)))
    model.on("ellipse", () => this.overlay.showEllipse(model.ellipse))
    model.on("jump", () => this.onJump())
    model.on("pins", () => this.overlay.showPins(model.pins))
    model.on("remove", () => {
      this.gestures.close()
      this.requests.close()
      ends.forEach((property) => property.change.disconnect(onRange))
      frame.forEach((property) => property.change.disconnect(onFrame))
    })
    // A fine pointer pans with its first drag; a finger asks for the decoder first.
    if (window.matchMedia("(pointer: coarse)").matches) {
      model.probe = true
    }
    this.laidOut = this.size
    await this.paint()
    if (model.jump.length > 0) {
      this.onJump() // it was sent before there was anybody to follow it
    } else {
      this.requests.ask()
    }
  }

  // -- the part of the plane that is shown -----------------------------------------------------------

  get ranges() {
    const {x_range, y_range} = this.plot
    return {x0: x_range.start, x1: x_range.end, y0: y_range.start, y1: y_range.end}
  }

  get size() {
    const {width, height} = this.view.frame.bbox
    return {w: Math.round(width), h: Math.round(height)}
  }

  send(sequence) {
    const {turn, draft} = this.gestures.takeTurn()
    const {home, model} = this
    model.send_msg({kind: "view", sequence, home, turn, draft, ...this.ranges, ...this.size})
  }

  onRange() {
    if (this.following) {
      return
    }
    this.home = false
    if (!this.asking) {
      this.asking = true // a wheel notch sets four ends, one after the other: one question for all of them
      queueMicrotask(() => {
        this.asking = false
        this.requests.ask()
      })
    }
  }

  // One unit stays as long upwards as it is sideways, whatever the size of the frame.
  onFrame() {
    const {laidOut, size} = this
    if (laidOut.w === size.w && laidOut.h === size.h) {
      return
    }
    this.laidOut = size
    if (!this.home) {
      this.following = true
      this.look(resized(this.ranges, laidOut, size))
      this.following = false
    }
    this.requests.ask()
  }

  // A range that the server sent must not be sent back as if a hand had moved it. It may be of another size of frame.
  follow(view) {
    const {x_range, y_range} = this.plot
    const {x0, x1, y0, y1} = fitted(view, this.size)
    this.following = true
    x_range.setv({start: x0, end: x1, reset_start: x0, reset_end: x1})
    y_range.setv({start: y0, end: y1, reset_start: y0, reset_end: y1})
    this.following = false
  }

  look({x0, x1, y0, y1}) {
    this.plot.x_range.setv({start: x0, end: x1})
    this.plot.y_range.setv({start: y0, end: y1})
  }

  zoom(factor) {
    this.look(zoomed(this.ranges, factor, this.gestures.cursor ?? centre(this.ranges)))
  }

  goHome() {
    this.home = true
    this.requests.ask()
  }

  onJump() {
    const [, x0, x1, y0, y1] = this.model.jump
    this.home = x0 === undefined
    if (!this.home) {
      this.follow({x0, x1, y0, y1})
    }
    this.requests.ask()
  }

  // -- what is drawn ---------------------------------------------------------------------------------

  async paint() {
    const buffer = this.model.pixels
    if (buffer.byteLength === 0) {
      return
    }
    const order = this.order.arrive()
    const {head, net, prior, pixels} = unpackMap(buffer)
    this.requests.answer(head.sequence)
    if (head.at !== null) {
      // The strip of epochs may ask for the next moment.
      window.dispatchEvent(new CustomEvent("lx-moment", {detail: {map: this.model.plot, at: head.at}}))
    }
    const decoded = await decodePixels(head, pixels)
    if (this.order.supersedes(order)) {
      this.show(head, decoded, buffer.byteLength)
      this.overlay.show(head, net, prior)
    }
  }

  show(head, pixels, bytes) {
    const {x0, x1, y0, y1, width, height, points, scene} = head
    const image = [new this.Pixels(pixels.buffer, [height, width])]
    // Straight into the view: the pixels came from the server and must not travel back to it.
    this.image.setv({data: {image, x: [x0], y: [y0], dw: [x1 - x0], dh: [y1 - y0]}}, {sync: false})
    if (head.home && this.home) {
      this.follow({x0, x1, y0, y1})
    }
    this.maps += 1
    Object.assign(this.el.dataset, {maps: this.maps, bytes, points, scene, view: [x0, x1, y0, y1].join(" ")})
  }
}
