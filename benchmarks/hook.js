// Runs in the page of both apps before their own scripts: logs the mouse and the shown images, on the page's
// own clock. An instant of "shown" is the frame of the screen a drawing belongs to: a
// drawing made inside an animation frame is shown by that frame, any other by the next one.
{
  const log = {moves: [], wheels: [], frames: [], maps: [], first: null}
  const now = () => performance.now()

  let frameStart = 0
  let inFrame = false
  const afterFrame = new MessageChannel()
  afterFrame.port1.addEventListener("message", () => {
    inFrame = false
  })
  afterFrame.port1.start()
  const native = window.requestAnimationFrame.bind(window)
  window.requestAnimationFrame = (callback) =>
    native((time) => {
      frameStart = time
      inFrame = true
      afterFrame.port2.postMessage(0)
      callback(time)
    })
  const shown = (report) => (inFrame ? report(now(), frameStart) : native((time) => report(now(), time)))

  // A move with the place of the plane that it points at, and how much of the plane a pixel is there.
  let plot = null
  window.addEventListener(
    "mousemove",
    (event) => {
      const move = {t: now()}
      log.moves.push(move)
      if (!plot) return
      const box = plot.canvas_view.el.getBoundingClientRect()
      const {x_scale, y_scale} = plot.frame
      const [sx, sy] = [event.clientX - box.left, event.clientY - box.top]
      move.x = x_scale.invert(sx)
      move.y = y_scale.invert(sy)
      move.pixel = Math.abs(x_scale.invert(sx + 1) - move.x)
    },
    true,
  )
  window.addEventListener("wheel", () => log.wheels.push({t: now()}), {capture: true, passive: true})

  function* elements(root = document) {
    for (const element of root.querySelectorAll("*")) {
      yield element
      if (element.shadowRoot) yield* elements(element.shadowRoot)
    }
  }
  const find = (name) => {
    for (const element of elements()) if (element.classList.contains(name)) return element
    return null
  }
  const within = (element, outer) => {
    for (let node = element; node; node = node.parentNode || node.host) if (node === outer) return true
    return false
  }

  // --- Bokeh's drawings -------------------------------------------------------------------------
  const plots = () =>
    window.Bokeh && Bokeh.index ? Bokeh.index.query((view) => view.frame && view.repainted) : []
  const plotIn = (element) => {
    for (const view of plots()) if (within(view.el, element)) return view
    return null
  }
  const images = (view) => view.model.renderers.filter((r) => r.glyph && r.glyph.type.startsWith("Image"))

  // True where the image fills the ranges on the screen; else it belongs to an earlier view.
  const fits = (view) =>
    images(view).some(({data_source: {data}}) => {
      const {x_range, y_range} = view.frame
      const [w, h] = [x_range.end - x_range.start, y_range.end - y_range.start]
      const near = (a, b, size) => Math.abs(a - b) <= 0.01 * Math.abs(size)
      return (
        near(data.x[0], x_range.start, w) &&
        near(data.dw[0], w, w) &&
        near(data.y[0], y_range.start, h) &&
        near(data.dh[0], h, h)
      )
    })

  // A change of the image's data counts once the plot has repainted with it.
  const watchPlot = (view, entries) => {
    let fresh = false
    const follow = (renderer) => {
      const source = renderer.data_source
      const changed = () => {
        fresh = true
      }
      for (const signal of [source.properties.data.change, source.patching, source.streaming]) {
        signal.connect(changed)
      }
    }
    images(view).forEach(follow)
    view.repainted.connect(() => {
      if (!fresh) return
      fresh = false
      const fit = fits(view)
      shown((t, frame) => entries.push({t, frame, fit}))
    })
  }

  // --- drawings of our canvas: it counts its frames in an attribute ----------------------------------
  const watchCount = (element, attribute, entries, read) => {
    new MutationObserver(() => {
      const entry = {count: Number(element.getAttribute(attribute)), ...read(element)}
      shown((t, frame) => entries.push({t, frame, ...entry}))
    }).observe(element, {attributes: true, attributeFilter: [attribute]})
  }
  const position = (element) => ({
    x: Number(element.getAttribute("data-x")),
    y: Number(element.getAttribute("data-y")),
  })

  window.bench = {
    log,
    find,
    // The page is ready to be measured when both the map and the decoded sample are there.
    ready(mapName, frameName) {
      const map = find(mapName)
      const view = map && plotIn(map)
      return Boolean(view && view.is_displayed !== false && find(frameName))
    },
    watch(mapName, frameName) {
      const map = find(mapName)
      const frame = find(frameName)
      // Both maps are Bokeh images and logged by the same code; so is stock's decoded sample.
      plot = plotIn(map)
      watchPlot(plot, log.maps)
      if (frame.hasAttribute("data-frames")) watchCount(frame, "data-frames", log.frames, position)
      else watchPlot(plotIn(frame), log.frames)
    },
    // The current plotting area in CSS pixels of the page.
    area() {
      const box = plot.canvas_view.el.getBoundingClientRect()
      const {x, y, width, height} = plot.frame.bbox
      return {x: box.x + x, y: box.y + y, width, height}
    },
    take() {
      const copy = JSON.parse(JSON.stringify(log))
      log.moves.length = log.wheels.length = log.frames.length = log.maps.length = 0
      return copy
    },
    text(name) {
      const element = find(name)
      return element ? element.innerText || element.textContent : null
    },
    click(name) {
      const outer = find(name)
      const root = outer.shadowRoot || outer
      ;(outer.matches("button") ? outer : root.querySelector("button") || outer).click()
    },
  }

  // --- the first page: the instant the map's pixels can be seen -------------------------------------
  // Colour in the middle of the map: axes, text and an empty plot are grey, points are not.
  const coloured = (canvas) => {
    const side = 64
    if (canvas.width < 2 * side || canvas.height < 2 * side) return false
    const context = canvas.getContext("2d")
    if (!context) return false
    const {data} = context.getImageData((canvas.width - side) >> 1, (canvas.height - side) >> 1, side, side)
    let count = 0
    for (let i = 0; i < data.length; i += 4) {
      const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2])
      if (data[i + 3] > 20 && spread > 24) count += 1
    }
    return count > 8
  }
  let map = null
  let polls = 0
  const poll = () => {
    polls += 1
    // Walking the whole page each frame would itself delay it; twelve times a second finds the map soon.
    if (!(map && map.isConnected) && polls % 5 === 0) map = find("lx-map") || find("stock-map")
    if (map) {
      for (const element of elements(map.shadowRoot || map)) {
        if (element.tagName === "CANVAS" && coloured(element)) {
          log.first = now()
          return
        }
      }
    }
    native(poll)
  }
  native(poll)
}
