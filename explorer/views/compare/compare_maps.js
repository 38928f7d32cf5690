// The three linked maps of the tab that compares. All show the same part of the plane: a gesture on one of them acts
// on all. Pixels come from the server, three maps in one message, and one question is in flight at a time.

import {make} from "../components/dom.js"
import {centre, oncePerFrame, zoomed} from "../components/gestures.js"
import {ArrivalOrder, RequestWindow} from "../components/request_window.js"
import {drawLines, drawPixels} from "./compare_drawing.js"
import {CompareGestures} from "./compare_gestures.js"
import {decodePixels, unpackMaps} from "./compare_message.js"

const IN_FLIGHT = 1
const REST = 180 // ms after the last move of a hand, at which every pixel is asked for
const UNKNOWN = {x0: -1, x1: 1, y0: -1, y1: 1}

const HELP =
  "Three linked maps. Arrow keys move the cursor on all of them, with Shift five times as far; plus and minus zoom, " +
  "0 shows everything; M, B and L choose move, box and lasso, Enter sets a box's corners at the cursor, Escape gives " +
  "it up; X swaps before and after. W, A, S and D turn what can be turned."
const NOTHING_SELECTED =
  "Nothing is selected: draw a box or a lasso on any map, or press a class of the legend."

function figureOf(root) {
  const parts = {figure: make("figure"), title: make("b"), what: make("span"), stage: make("div", "stage")}
  const drawn = {pixels: make("canvas", "pixels"), ink: make("canvas", "ink"), empty: make("p", "empty")}
  const caption = make("figcaption")
  caption.append(parts.title, " ", parts.what)
  parts.stage.append(drawn.pixels, drawn.ink, drawn.empty)
  parts.figure.append(caption, parts.stage)
  root.append(parts.figure)
  return {...parts, ...drawn}
}

export class LinkedMaps {
  // `tell` sends a message to the server.
  constructor(model, tell) {
    this.model = model
    this.tell = tell
    this.onTool = () => {} // called with the tool that is chosen
    this.root = make("div", "maps lx-compare-maps")
    this.root.tabIndex = 0
    this.root.setAttribute("role", "application")
    this.root.setAttribute("aria-label", HELP)
    this.figures = [0, 1, 2].map(() => figureOf(this.root))
    this.view = null // the part of the plane that is shown
    this.home = true // everything is shown, whatever that is
    this.shown = null // the newest maps: head, images and moves
    this.fraction = 1 // how far the samples are on their way from before to after
    this.moving = false
    this.rest = 0
    this.maps = 0
    this.shownCallbacks = []
    this.requests = new RequestWindow((sequence) => this.send(sequence), IN_FLIGHT)
    this.order = new ArrivalOrder()
    this.gestures = new CompareGestures(this)
    this.paint = oncePerFrame(() => this.paintNow())
    this.tellCursor = oncePerFrame(() => tell({kind: "cursor", xy: this.gestures.cursor}))
  }

  begin() {
    const {model} = this
    this.gestures.listen()
    const watcher = new ResizeObserver(() => {
      this.paint()
      this.ask()
    })
    watcher.observe(this.figures[0].stage)
    model.on("maps", () => this.onMaps())
    model.on("state", () => this.onState())
    model.on("remove", () => {
      watcher.disconnect()
      this.requests.close()
      clearTimeout(this.rest)
    })
    this.choose("move")
  }

  get size() {
    const {stage} = this.figures[0]
    return {w: Math.round(stage.clientWidth), h: Math.round(stage.clientHeight)}
  }

  get hasRoom() {
    const {w, h} = this.size
    return w >= 20 && h >= 20
  }

  choose(tool) {
    this.gestures.choose(tool)
    this.root.dataset.tool = tool
    this.onTool(tool)
    this.paint()
  }

  // -- the part of the plane that is shown -----------------------------------------------------------

  ask() {
    if (this.model.state.ready && this.hasRoom) {
      this.requests.ask()
    }
  }

  send(sequence) {
    const {view, fraction} = this
    const home = this.home || view === null
    this.tell({
      kind: "view",
      sequence,
      home,
      draft: this.moving,
      fraction,
      ...(view ?? UNKNOWN),
      ...this.size,
    })
  }

  // While a hand moves a draft will do; at rest every pixel is asked for.
  move(view) {
    if (view) {
      this.view = view
      this.home = false
    }
    this.moving = true
    clearTimeout(this.rest)
    this.rest = setTimeout(() => {
      this.moving = false
      this.ask()
    }, REST)
    this.ask()
    this.paint()
  }

  zoom(factor, place) {
    if (this.view !== null) {
      this.move(zoomed(this.view, factor, place ?? centre(this.view)))
    }
  }

  goHome() {
    this.home = true
    this.ask()
  }

  // Shows the samples so far on their way; resolves once that is on the screen.
  morph(fraction) {
    return new Promise((resolve) => {
      this.fraction = fraction
      this.shownCallbacks.push(resolve)
      this.move()
    })
  }

  // -- what the server sends -------------------------------------------------------------------------

  async onMaps() {
    if (this.model.maps.byteLength === 0) {
      return
    }
    const order = this.order.arrive()
    const {head, moves, pixels} = unpackMaps(this.model.maps)
    const bytes = this.model.maps.byteLength
    this.requests.answer(head.sequence)
    const images = await Promise.all(pixels.map((part) => decodePixels(head, part)))
    if (!this.order.supersedes(order)) {
      return
    }
    this.shown?.images.forEach((image) => image.close())
    this.shown = {head, images, moves}
    const {x0, x1, y0, y1, pair, points, fraction} = head
    // Everything was asked for, or the server shows it by itself; else a hand has moved on.
    if (this.view === null || (head.home && (this.home || this.requests.isNewest(head.sequence)))) {
      this.view = {x0, x1, y0, y1}
      this.home = true
    }
    this.maps += 1
    const view = [x0, x1, y0, y1].join(" ")
    const figures = {
      maps: this.maps,
      pair,
      points: points.join(" "),
      view,
      fraction,
      moves: head.moves,
      bytes,
    }
    Object.assign(this.root.dataset, figures)
    this.paint()
    this.onState()
    for (const resolve of this.shownCallbacks.splice(0)) {
      resolve()
    }
  }

  onState() {
    const {ready, names, every, chosen} = this.model.state
    if (!ready) {
      return
    }
    const fraction = this.shown?.head.fraction ?? 1
    this.figures.forEach(({title, what, empty, stage}, which) => {
      const way = which > 0 && fraction < 1 ? `, ${Math.round(100 * fraction)} % of the way there` : ""
      title.textContent = names[which === 0 ? 0 : 1]
      what.textContent = (which === 1 ? chosen || "the selected" : every) + way
      empty.textContent = which === 1 && !chosen ? NOTHING_SELECTED : ""
      stage.setAttribute("aria-label", `${title.textContent}, ${what.textContent}`)
    })
    if (this.view === null) {
      this.ask()
    }
  }

  paintNow() {
    const {view, size, shown, gestures} = this
    if (view === null || size.w < 20) {
      return
    }
    this.figures.forEach(({pixels, ink}, which) => {
      drawPixels(pixels, view, size, shown?.images[which], shown?.head)
      const arrows = which === 2 ? shown?.moves : null
      drawLines(ink, view, size, {arrows, outline: gestures.outline, cursor: gestures.cursor})
    })
  }
}
