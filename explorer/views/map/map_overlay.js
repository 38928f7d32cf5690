// What is drawn over the pixels of a map: the net of a globe, the prior, the names of the classes, the marks.

import {NO_LINES} from "./map_message.js"

export class MapOverlay {
  constructor(plot, el) {
    this.el = el
    const source = (name) => plot.renderers.find((renderer) => renderer.name === name).data_source
    this.net = source("lx-net")
    this.prior = source("lx-prior")
    this.sigmas = source("lx-prior-sigmas")
    this.names = source("lx-names")
    this.shape = source("lx-shape")
    this.mark = source("lx-mark")
    this.ellipse = source("lx-ellipse")
    this.pins = source("lx-pins")
    this.drawn = {net: NO_LINES, prior: NO_LINES}
  }

  show({names, inks}, net, prior) {
    if (net !== this.drawn.net) {
      put(this.net, net)
    }
    if (prior !== this.drawn.prior) {
      put(this.prior, prior)
    }
    if (prior.xs.length > 0 || this.drawn.prior.xs.length > 0) {
      this.showSigmas(prior, inks)
    }
    this.drawn = {net, prior}
    this.showNames(names, inks)
    this.el.dataset.prior = prior.xs.length
  }

  showNames(names, inks) {
    if (names.length === 0 && this.names.data.x.length === 0) {
      return
    }
    const [ink, edge] = inks.map((colour) => names.map(() => colour))
    put(this.names, {x: column(names, 0), y: column(names, 1), text: column(names, 2), ink, edge})
    this.el.dataset.names = names.map(([x, y, name]) => `${name} ${x} ${y}`).join(";")
  }

  // Each contour is named at its top.
  showSigmas({xs, ys}, [ink, edge]) {
    const tops = ys.map((line) => line.indexOf(Math.max(...line)))
    put(this.sigmas, {
      x: tops.map((top, line) => xs[line][top]),
      y: tops.map((top, line) => ys[line][top]),
      text: tops.map((_, line) => (line === 0 ? "prior, 1σ" : `${line + 1}σ`)),
      ink: tops.map(() => ink),
      edge: tops.map(() => edge),
    })
  }

  // The shape that a brush draws.
  showShape(places) {
    const closed = places.length > 0 ? [...places, places[0]] : []
    put(this.shape, {
      xs: closed.length > 0 ? [column(closed, 0)] : [],
      ys: closed.length > 0 ? [column(closed, 1)] : [],
    })
    this.el.dataset.shape = places.length
  }

  showMark(x, y) {
    put(this.mark, {x, y})
  }

  showEllipse(lines) {
    put(this.ellipse, {xs: column(lines, 0), ys: column(lines, 1)})
    this.el.dataset.ellipse = lines.length
  }

  showPins(pins) {
    put(this.pins, {x: column(pins, 0), y: column(pins, 1), text: column(pins, 2).map(String)})
    this.el.dataset.pins = pins.map((pin) => pin.join(" ")).join(";")
  }
}

const column = (rows, index) => rows.map((row) => row[index])

// Straight into the view: what the server sent must not travel back to it.
function put(source, data) {
  source.setv({data}, {sync: false})
}
