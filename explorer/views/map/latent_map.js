// The browser's half of the map: paints the pixels that arrive into the figure's image glyph, and tells
// the server which ranges are on the screen. Two requests are in flight at most: the server paints one map
// while the one before is on its way and unpacked. What changes meanwhile is asked for once an answer has come,
// so a slow link is never flooded and the last view always wins.

const IN_FLIGHT = 2

const FRAME = () => new Promise((resolve) => requestAnimationFrame(resolve))

async function plotView(model) {
  for (;;) {
    const plot = model.document && model.document.get_model_by_name(model.plot)
    const view = plot && window.Bokeh.index.find_one(plot)
    if (view && view.frame && view.frame.bbox.width > 20) {
      return view
    }
    await FRAME()
  }
}

// A message is a little-endian length, that many bytes of JSON, and the compressed pixels.
function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  return [head, new Uint8Array(buffer, 4 + length)]
}

async function decode(head, bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes], {type: head.mime}),
    {premultiplyAlpha: "none", colorSpaceConversion: "none", imageOrientation: "flipY"})
  const canvas = new OffscreenCanvas(head.width, head.height)
  const context = canvas.getContext("2d", {willReadFrequently: true})
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return new Uint32Array(context.getImageData(0, 0, head.width, head.height).data.buffer)
}

// The figure is laid out after this component, so the work begins when it is there and nobody waits for it.
export function render({model}) {
  plotView(model).then((view) => follow(model, view))
}

async function follow(model, view) {
  const plot = view.model
  const {x_range, y_range} = plot
  const image = plot.renderers.find((renderer) => renderer.name === "lx-pixels").data_source
  const mark = plot.renderers.find((renderer) => renderer.name === "lx-mark").data_source
  const net = plot.renderers.find((renderer) => renderer.name === "lx-net").data_source
  const pins = plot.renderers.find((renderer) => renderer.name === "lx-pins").data_source
  const Pixels = image.data.image[0].constructor
  const el = view.el
  let maps = 0, arrived = 0, painted = 0, sequence = 0, answered = 0, since = 0, dirty = false, home = true, quiet = false, cursor = null, patience = 0

  const size = () => ({w: Math.round(view.frame.bbox.width), h: Math.round(view.frame.bbox.height)})

  // A range that the server sent must not be sent back as if a hand had moved it.
  function setRanges(x0, x1, y0, y1) {
    quiet = true
    for (const [range, start, end] of [[x_range, x0, x1], [y_range, y0, y1]]) {
      range.setv({start, end, reset_start: start, reset_end: end})
    }
    quiet = false
  }

  let grip = null, turn = null, gesture = 0   // see "the hand that turns"

  function ask() {
    if (sequence - answered >= IN_FLIGHT && performance.now() - since < 2000) {
      dirty = true
      return
    }
    since = performance.now()
    dirty = false
    sequence += 1
    clearTimeout(patience)
    patience = setTimeout(() => { answered = sequence; ask() }, 5000)   // an answer that got lost is asked for again
    model.send_msg({kind: "view", sequence, home, turn, draft: grip !== null && turn !== null, x0: x_range.start, x1: x_range.end,
      y0: y_range.start, y1: y_range.end, ...size()})
    if (grip === null) {
      turn = null
    }
  }

  let asked = false
  function moved() {
    if (quiet) {
      return
    }
    home = false
    if (!asked) {   // a wheel notch sets four ends, one after the other: one question for all of them
      asked = true
      queueMicrotask(() => { asked = false; ask() })
    }
  }

  function goHome() {
    home = true
    ask()
  }

  // The meridians and parallels of a globe come before the pixels: pairs of numbers, line after line.
  const NO_NET = {xs: [], ys: []}
  let drawnNet = NO_NET
  function netOf(head, bytes) {
    const total = head.net.reduce((sum, points) => sum + points, 0)
    if (total === 0) {
      return [NO_NET, bytes]
    }
    const numbers = new Float32Array(bytes.slice(0, 8 * total).buffer)
    const lines = {xs: [], ys: []}
    let at = 0
    for (const points of head.net) {
      const xs = new Float64Array(points), ys = new Float64Array(points)
      for (let i = 0; i < points; i++, at += 2) {
        xs[i] = numbers[at]
        ys[i] = numbers[at + 1]
      }
      lines.xs.push(xs)
      lines.ys.push(ys)
    }
    return [lines, bytes.subarray(8 * total)]
  }

  async function paint() {
    if (model.pixels.byteLength === 0) {
      return
    }
    const buffer = model.pixels, order = ++arrived
    const [head, rest] = unpack(buffer)
    const [lines, bytes] = netOf(head, rest)
    answered = Math.max(answered, head.sequence)
    if (answered >= sequence) {
      clearTimeout(patience)
    }
    if (dirty) {
      ask()
    }
    if (head.at !== null) {   // who moves through the epochs may ask for the next moment
      window.dispatchEvent(new CustomEvent("lx-moment", {detail: {map: model.plot, at: head.at}}))
    }
    const pixels = await decode(head, bytes)
    if (order < painted) {
      return    // a newer map was unpacked sooner
    }
    painted = order
    const {x0, x1, y0, y1} = head
    const data = {image: [new Pixels(pixels.buffer, [head.height, head.width])], x: [x0], y: [y0], dw: [x1 - x0], dh: [y1 - y0]}
    // Straight into the view: the pixels came from the server and must not travel back to it.
    image.setv({data}, {sync: false})
    if (lines !== drawnNet) {
      net.setv({data: lines}, {sync: false})
      drawnNet = lines
    }
    if (head.home && home) {
      setRanges(x0, x1, y0, y1)
    }
    maps += 1
    Object.assign(el.dataset, {maps, bytes: buffer.byteLength, points: head.points, scene: head.scene, view: [x0, x1, y0, y1].join(" ")})
  }

  // -- the hand: keyboard, and one finger in probe mode -------------------------------------------------

  function showMark(x, y) {
    mark.setv({data: {x: [x], y: [y]}}, {sync: false})
  }

  function probe(x, y) {
    cursor = [x, y]
    showMark(x, y)
    model.send_msg({kind: "cursor", xy: [x, y]})
  }

  function toPlane(event) {
    const box = view.canvas_view.el.getBoundingClientRect()
    return [view.frame.x_scale.invert(event.clientX - box.left), view.frame.y_scale.invert(event.clientY - box.top)]
  }

  const inside = (event) => {
    const box = view.canvas_view.el.getBoundingClientRect()
    return view.frame.bbox.contains(event.clientX - box.left, event.clientY - box.top)
  }

  // -- the hand that turns, moves or pins -----------------------------------------------------------------

  // What a drag with the pan tool means on a map that can be turned: it turns, or moves with Shift held. And
  // a click with Shift pins, on any map. The figure's own gestures would not know.
  function dragTool() {
    const active = plot.toolbar.gestures.pan.active
    return active === null ? "" : (active.tools ? active.tools[0] : active).type
  }

  function onGrip(event) {
    if (grip === null) {
      const mine = event.type === "pointerdown" && event.button === 0 && inside(event) && dragTool() === "PanTool" &&
        !(event.pointerType === "touch" && model.probe) && (model.turns || event.shiftKey)
      if (!mine) {
        return
      }
      el.style.outline = "none"   // a hand on the mouse needs no ring around what it holds; a key brings it back
      el.focus({preventScroll: true})
      grip = {pointer: event.pointerId, x: event.clientX, y: event.clientY, start: toPlane(event), shift: event.shiftKey, moved: false,
        ranges: [x_range.start, x_range.end, y_range.start, y_range.end]}
    } else if (event.pointerId === grip.pointer) {
      const dx = event.clientX - grip.x, dy = event.clientY - grip.y
      if (!grip.moved && Math.hypot(dx, dy) >= 4) {
        grip.moved = true
        gesture += 1
      }
      if (grip.moved && grip.shift) {
        const [x0, x1, y0, y1] = grip.ranges, {w, h} = size()
        const right = dx * (x1 - x0) / w, up = -dy * (y1 - y0) / h
        x_range.setv({start: x0 - right, end: x1 - right})
        y_range.setv({start: y0 - up, end: y1 - up})
      } else if (grip.moved) {
        turn = {gesture, from: grip.start, to: toPlane(event)}
        ask()
      }
      if (event.type === "pointerup" || event.type === "pointercancel") {
        const {moved, shift, start} = grip
        grip = null
        if (!moved && event.type === "pointerup") {
          model.send_msg({kind: shift ? "pin" : "pick", xy: start})
        } else if (moved && !shift) {
          ask()   // once more, with every pixel
        }
      }
    } else {
      return
    }
    event.stopPropagation()
    event.preventDefault()
  }

  // What the pan tool has taken hold of stays under the hand, so nothing new is decoded until it lets go: the
  // figure tells of each move before it has moved the map, and would name another place.
  let held = null
  function onHold(event) {
    const down = event.type === "pointerdown"
    if (down && (event.button !== 0 || !inside(event) || dragTool() !== "PanTool" || model.turns || event.shiftKey)) {
      return
    }
    if (down || (held === event.pointerId && (event.type !== "pointermove" || event.buttons === 0))) {
      held = down ? event.pointerId : null
      model.send_msg({kind: "hold", on: down})
    }
  }

  const TURNS = {a: [-1, 0], d: [1, 0], w: [0, 1], s: [0, -1]}

  function zoom(factor) {
    const [cx, cy] = cursor || [(x_range.start + x_range.end) / 2, (y_range.start + y_range.end) / 2]
    for (const [range, centre] of [[x_range, cx], [y_range, cy]]) {
      range.setv({start: centre + (range.start - centre) * factor, end: centre + (range.end - centre) * factor})
    }
  }

  const STEPS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}

  function onKey(event) {
    el.style.outline = ""
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return
    }
    const step = STEPS[event.key]
    if (step) {
      const width = x_range.end - x_range.start, height = y_range.end - y_range.start
      const stride = event.shiftKey ? 0.05 : 0.01
      const [x, y] = cursor || [x_range.start + width / 2, y_range.start + height / 2]
      probe(x + step[0] * stride * width, y + step[1] * stride * height)
    } else if (model.turns && TURNS[event.key.toLowerCase()]) {
      const [right, up] = TURNS[event.key.toLowerCase()]
      turn = null
      model.send_msg({kind: "step", right, up})
    } else if (event.key === "Enter" && cursor) {
      model.send_msg({kind: event.shiftKey ? "pin" : "pick", xy: cursor})
    } else if (event.key === "+" || event.key === "=") {
      zoom(0.8)
    } else if (event.key === "-") {
      zoom(1.25)
    } else if (event.key === "0" || event.key === "Home") {
      goHome()
    } else {
      return
    }
    event.preventDefault()
  }

  let finger = null
  function onTouch(event) {
    if (!model.probe || event.pointerType !== "touch" || !(finger !== null || inside(event))) {
      return
    }
    if (event.type === "pointerdown" && finger === null) {
      finger = event.pointerId
      finger_start = [event.clientX, event.clientY]
    }
    if (event.pointerId !== finger) {
      return
    }
    const [x, y] = toPlane(event)
    if (event.type === "pointerup" && Math.hypot(event.clientX - finger_start[0], event.clientY - finger_start[1]) < 6) {
      model.send_msg({kind: "pick", xy: [x, y]})
    } else if (event.type !== "pointerup" && event.type !== "pointercancel") {
      probe(x, y)
    }
    if (event.type === "pointerup" || event.type === "pointercancel") {
      finger = null
    }
    event.stopPropagation()   // the figure's own pan would move the map away under the finger
    event.preventDefault()
  }
  let finger_start = [0, 0]

  const touches = ["pointerdown", "pointermove", "pointerup", "pointercancel"]
  const stopScroll = (event) => { if (model.probe && event.touches.length === 1) { event.preventDefault() } }
  el.tabIndex = 0
  el.setAttribute("role", "application")
  el.setAttribute("aria-label", "The latent space. Arrow keys move the cursor, Enter picks the nearest sample, Shift and Enter pins what is decoded, plus and minus zoom, 0 shows everything. W, A, S and D turn what can be turned.")
  el.addEventListener("keydown", onKey)
  el.addEventListener("touchmove", stopScroll, {passive: false, capture: true})
  for (const name of touches) {
    el.addEventListener(name, onTouch, {capture: true})
    const where = name === "pointerdown" ? el : window   // a drag may leave the map
    where.addEventListener(name, onHold, {capture: true})
    where.addEventListener(name, onGrip, {capture: true})
  }
  el.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") { cursor = toPlane(event) } }, {passive: true})

  const ranges = [x_range.properties.start, x_range.properties.end, y_range.properties.start, y_range.properties.end]
  ranges.forEach((property) => property.change.connect(moved))
  plot.on_event("reset", goHome)
  const watcher = new ResizeObserver(() => ask())
  watcher.observe(view.canvas_view.el)

  model.on("pixels", paint)
  model.on("mark", () => { mark.setv({data: {x: model.mark.slice(0, 1), y: model.mark.slice(1)}}, {sync: false}) })
  model.on("jump", () => {
    const [, ...ranges] = model.jump
    home = ranges.length === 0
    if (!home) {
      setRanges(...ranges)
    }
    ask()
  })
  const showPins = () => {
    pins.setv({data: {x: model.pins.map((pin) => pin[0]), y: model.pins.map((pin) => pin[1]), text: model.pins.map((pin) => String(pin[2]))}}, {sync: false})
    el.dataset.pins = model.pins.map((pin) => pin.join(" ")).join(";")
  }
  model.on("pins", showPins)
  model.on("remove", () => {
    watcher.disconnect()
    touches.forEach((name) => [onHold, onGrip].forEach((hear) => window.removeEventListener(name, hear, {capture: true})))
    clearTimeout(patience)
    ranges.forEach((property) => property.change.disconnect(moved))
  })
  // A fine pointer pans with its first drag; a finger asks for the decoder first.
  if (window.matchMedia("(pointer: coarse)").matches) {
    model.probe = true
  }
  await paint()
  ask()
}
