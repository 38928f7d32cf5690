// The three linked maps of the tab that compares. All show the same part of the plane: what a hand does on one
// happens on all. Pixels come from the server, three maps in one message; one question is in flight at a time, and
// until its answer is there the former pixels are drawn where they belong, so that the maps move with the hand.

function linkedMaps(model, tell) {
  const root = make("div", "maps lx-compare-maps")
  root.tabIndex = 0
  root.setAttribute("role", "application")
  root.setAttribute("aria-label", "Three linked maps. Arrow keys move the cursor on all of them, with Shift five times as far; plus and minus zoom, 0 shows everything; M, B and L choose move, box and lasso, Enter sets a box's corners at the cursor, Escape gives it up; X swaps before and after. W, A, S and D turn what can be turned.")
  const figures = [0, 1, 2].map(() => {
    const figure = make("figure"), caption = make("figcaption"), stage = make("div", "stage")
    const title = make("b"), what = make("span")
    caption.append(title, " ", what)
    const pixels = make("canvas", "pixels"), ink = make("canvas", "ink"), empty = make("p", "empty")
    stage.append(pixels, ink, empty)
    figure.append(caption, stage)
    root.append(figure)
    return {figure, title, what, stage, pixels, ink, empty}
  })

  let view = null, home = true, shown = null, tool = "move", cursor = null, fraction = 1
  let sequence = 0, inFlight = 0, patience = 0, dirty = false, arrived = 0, drawn = 0, count = 0, moving = false
  let path = null, grip = null, corner = null, held = []

  const size = () => ({w: Math.round(figures[0].stage.clientWidth), h: Math.round(figures[0].stage.clientHeight)})

  // -- asking ------------------------------------------------------------------------------------------

  function ask() {
    const {w, h} = size()
    if (!model.state.ready || w < 20 || h < 20) {
      return
    }
    if (inFlight && performance.now() - inFlight < 2000) {
      dirty = true
      return
    }
    inFlight = performance.now()
    dirty = false
    sequence += 1
    clearTimeout(patience)
    patience = setTimeout(() => { inFlight = 0; ask() }, 5000)   // an answer that got lost is asked for again
    const {x0, x1, y0, y1} = view || {x0: -1, x1: 1, y0: -1, y1: 1}
    tell({kind: "view", sequence, home: home || view === null, draft: moving, fraction, x0, x1, y0, y1, w, h})
  }

  // While a hand moves a draft will do; once it has come to rest every pixel is asked for.
  let rest = 0
  function move(next) {
    if (next) {
      view = next
      home = false
    }
    moving = true
    clearTimeout(rest)
    rest = setTimeout(() => { moving = false; ask() }, 180)
    ask()
    paint()
  }

  function zoom(factor, at) {
    if (view === null) {
      return
    }
    const [x, y] = at || [(view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2]
    move({x0: x + (view.x0 - x) * factor, x1: x + (view.x1 - x) * factor, y0: y + (view.y0 - y) * factor, y1: y + (view.y1 - y) * factor})
  }

  function goHome() {
    home = true
    ask()
  }

  // -- what comes --------------------------------------------------------------------------------------

  async function onMaps() {
    if (model.maps.byteLength === 0) {
      return
    }
    const order = ++arrived
    const [head, bytes] = unpack(model.maps)
    if (head.sequence >= sequence) {
      inFlight = 0
      clearTimeout(patience)
      if (dirty) {
        ask()   // the server makes the next maps while these are unpacked
      }
    }
    let at = 16 * head.moves
    const moves = new Float32Array(bytes.slice(0, at))
    const images = await Promise.all(head.sizes.map((length) => {
      const blob = new Blob([bytes.slice(at, at + length)], {type: head.mime})
      at += length
      return createImageBitmap(blob, {premultiplyAlpha: "none", colorSpaceConversion: "none"})
    }))
    if (order < drawn) {
      return   // newer ones were unpacked sooner
    }
    drawn = order
    shown?.images.forEach((image) => image.close())
    shown = {head, images, moves}
    // Everything was asked for, or the server shows it by itself; else a hand has moved on.
    if (view === null || (head.home && (home || head.sequence >= sequence))) {
      view = {x0: head.x0, x1: head.x1, y0: head.y0, y1: head.y1}
      home = true
    }
    count += 1
    Object.assign(root.dataset, {maps: count, pair: head.pair, points: head.points.join(" "), view: [head.x0, head.x1, head.y0, head.y1].join(" "), fraction: head.fraction, moves: head.moves, bytes: model.maps.byteLength})
    paint()
    onState()
    for (const resume of held.splice(0)) {
      resume()
    }
  }

  // -- drawing -----------------------------------------------------------------------------------------

  const across = (x, w) => (x - view.x0) / (view.x1 - view.x0) * w
  const down = (y, h) => (view.y1 - y) / (view.y1 - view.y0) * h

  let asked = false
  function paint() {
    if (!asked) {
      asked = true
      requestAnimationFrame(() => { asked = false; paintNow() })
    }
  }

  function paintNow() {
    const {w, h} = size()
    if (view === null || w < 20) {
      return
    }
    figures.forEach(({pixels, ink}, which) => {
      if (pixels.width !== w || pixels.height !== h) {
        pixels.width = w
        pixels.height = h
      }
      const context = pixels.getContext("2d")
      context.clearRect(0, 0, w, h)
      if (shown) {
        const {x0, x1, y0, y1} = shown.head, left = across(x0, w), top = down(y1, h)
        const width = across(x1, w) - left, height = down(y0, h) - top
        const image = shown.images[which]
        context.imageSmoothingEnabled = Math.abs(width - image.width) > 1
        context.drawImage(image, Math.round(left), Math.round(top), Math.round(width), Math.round(height))
      }
      drawInk(ink, which, w, h)
    })
  }

  function drawInk(canvas, which, w, h) {
    const ratio = window.devicePixelRatio || 1
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio)
      canvas.height = Math.round(h * ratio)
    }
    const context = canvas.getContext("2d")
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, w, h)
    context.lineJoin = context.lineCap = "round"
    if (which === 2 && shown) {
      drawArrows(context, w, h)
    }
    const line = corner ? [corner, [cursor[0], corner[1]], cursor, [corner[0], cursor[1]]] : path
    if (line && line.length > 1) {
      context.beginPath()
      line.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](across(x, w), down(y, h)))
      context.closePath()
      context.fillStyle = "rgba(128, 128, 128, .18)"
      context.fill()
      strokeTwice(context, 1.5)
    }
    if (cursor) {
      const x = Math.round(across(cursor[0], w)) + 0.5, y = Math.round(down(cursor[1], h)) + 0.5
      context.beginPath()
      for (const [x0, y0, x1, y1] of [[0, y, x - 6, y], [x + 6, y, w, y], [x, 0, x, y - 6], [x, y + 6, x, h]]) {
        context.moveTo(x0, y0)
        context.lineTo(x1, y1)
      }
      context.strokeStyle = "rgba(128, 128, 128, .75)"
      context.lineWidth = 1
      context.stroke()
    }
  }

  // Dark in light: seen on any colour, in both themes.
  function strokeTwice(context, width) {
    for (const [colour, more] of [["rgba(255, 255, 255, .85)", 2], ["#1d1d1f", 0]]) {
      context.strokeStyle = colour
      context.lineWidth = width + more
      context.stroke()
    }
  }

  function drawArrows(context, w, h) {
    context.beginPath()
    const {moves} = shown
    for (let i = 0; i < moves.length; i += 4) {
      const x0 = across(moves[i], w), y0 = down(moves[i + 1], h), x1 = across(moves[i + 2], w), y1 = down(moves[i + 3], h)
      const length = Math.hypot(x1 - x0, y1 - y0)
      if (length < 3) {
        continue
      }
      const barb = Math.min(6, 0.4 * length), angle = Math.atan2(y1 - y0, x1 - x0)
      context.moveTo(x0, y0)
      context.lineTo(x1, y1)
      for (const side of [-0.45, 0.45]) {
        context.moveTo(x1, y1)
        context.lineTo(x1 - barb * Math.cos(angle + side), y1 - barb * Math.sin(angle + side))
      }
    }
    strokeTwice(context, 1)
  }

  // -- the hand ----------------------------------------------------------------------------------------

  const toPlane = (event, {stage}) => {
    const box = stage.getBoundingClientRect()
    return [view.x0 + (event.clientX - box.left) / box.width * (view.x1 - view.x0), view.y1 - (event.clientY - box.top) / box.height * (view.y1 - view.y0)]
  }

  let waiting = false
  function probe(xy) {
    cursor = xy
    paint()
    if (!waiting) {   // at most once a screen frame; the newest place wins
      waiting = true
      requestAnimationFrame(() => { waiting = false; tell({kind: "cursor", xy: cursor}) })
    }
  }

  function brushed(which, shape, points) {
    const {w, h} = size()
    const far = Math.max(...points.map(([x, y]) => Math.hypot(across(x, w) - across(points[0][0], w), down(y, h) - down(points[0][1], h))))
    if (far > 4 && points.length > (shape === "box" ? 1 : 2)) {
      tell({kind: "brush", which, shape, points})
    }
  }

  figures.forEach((figure, which) => {
    const {stage} = figure
    stage.addEventListener("pointerdown", (event) => {
      if (view === null || grip !== null || (event.pointerType === "mouse" && event.button !== 0)) {
        return
      }
      root.focus({preventScroll: true})
      root.classList.add("mouse")   // a hand on the mouse needs no ring around what it holds; a key brings it back
      stage.setPointerCapture(event.pointerId)
      const at = toPlane(event, figure)
      grip = {pointer: event.pointerId, at, x: event.clientX, y: event.clientY, view, which}
      if (tool !== "move") {
        path = [at]
      } else if (event.pointerType !== "mouse") {
        probe(at)
      }
    })
    stage.addEventListener("pointermove", (event) => {
      if (view === null) {
        return
      }
      const at = toPlane(event, figure)
      if (grip === null || grip.pointer !== event.pointerId) {
        if (event.pointerType === "mouse") {
          probe(at)
        }
      } else if (tool === "box") {
        const [x0, y0] = grip.at
        path = [[x0, y0], [at[0], y0], at, [x0, at[1]]]
        paint()
      } else if (tool === "lasso") {
        path.push(at)
        paint()
      } else if (event.pointerType === "mouse") {
        const {w, h} = size(), from = grip.view
        const right = (event.clientX - grip.x) * (from.x1 - from.x0) / w, up = -(event.clientY - grip.y) * (from.y1 - from.y0) / h
        if (right || up) {
          move({x0: from.x0 - right, x1: from.x1 - right, y0: from.y0 - up, y1: from.y1 - up})
        }
      } else {
        probe(at)
      }
    })
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, (event) => {
        if (grip === null || grip.pointer !== event.pointerId) {
          return
        }
        if (path !== null && end === "pointerup") {
          brushed(which, tool, tool === "box" && path.length > 2 ? [path[0], path[2]] : path)
        }
        path = grip = null
        paint()
      })
    }
    stage.addEventListener("wheel", (event) => {
      if (view !== null) {
        event.preventDefault()
        zoom(Math.exp(0.0015 * Math.max(-240, Math.min(240, event.deltaY))), toPlane(event, figure))
      }
    }, {passive: false})
  })

  const STEPS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}
  const TURNS = {a: [-1, 0], d: [1, 0], w: [0, 1], s: [0, -1]}
  const TOOLS = {m: "move", b: "box", l: "lasso"}

  root.addEventListener("keydown", (event) => {
    root.classList.remove("mouse")
    if (view === null || event.ctrlKey || event.metaKey || event.altKey) {
      return
    }
    const key = event.key.toLowerCase(), step = STEPS[event.key]
    if (step) {
      const stride = event.shiftKey ? 0.05 : 0.01
      const [x, y] = cursor || [(view.x0 + view.x1) / 2, (view.y0 + view.y1) / 2]
      probe([x + step[0] * stride * (view.x1 - view.x0), y + step[1] * stride * (view.y1 - view.y0)])
    } else if (model.state.turns && TURNS[key]) {
      const [right, up] = TURNS[key]
      tell({kind: "turn", right, up})
    } else if (TOOLS[key]) {
      choose(TOOLS[key])
    } else if (key === "x") {
      tell({kind: "swap"})
    } else if (event.key === "Enter" && tool === "box" && cursor) {
      if (corner) {
        brushed(2, "box", [corner, cursor])
        corner = null
      } else {
        corner = [...cursor]
      }
      paint()
    } else if (event.key === "Escape" && (corner || path)) {
      corner = path = null
      paint()
    } else if (key === "+" || key === "=") {
      zoom(0.8, cursor)
    } else if (key === "-") {
      zoom(1.25, cursor)
    } else if (key === "0" || key === "home") {
      goHome()
    } else {
      return
    }
    event.preventDefault()
  })

  let onTool = () => {}
  function choose(name) {
    tool = name
    corner = path = null
    root.dataset.tool = name
    onTool(name)
    paint()
  }

  function onState() {
    const {ready, names, every, chosen} = model.state
    if (!ready) {
      return
    }
    figures.forEach(({title, what, empty, stage}, which) => {
      const way = which > 0 && shown && shown.head.fraction < 1 ? `, ${Math.round(100 * shown.head.fraction)} % of the way there` : ""
      title.textContent = names[which === 0 ? 0 : 1]
      what.textContent = (which === 1 ? chosen || "the selected" : every) + way
      empty.textContent = which === 1 && !chosen ? "Nothing is selected: draw a box or a lasso on any map, or press a class of the legend." : ""
      stage.setAttribute("aria-label", `${title.textContent}, ${what.textContent}`)
    })
    if (view === null) {
      ask()
    }
  }

  const watcher = new ResizeObserver(() => { paint(); ask() })
  watcher.observe(figures[0].stage)
  model.on("maps", onMaps)
  model.on("state", onState)
  model.on("remove", () => { watcher.disconnect(); clearTimeout(patience); clearTimeout(rest) })
  choose("move")
  return {
    root, choose, zoom, goHome, onState, onMaps,
    onTool: (heard) => { onTool = heard },
    // Shows the samples so far on their way; resolves once that is on the screen.
    morph: (to) => new Promise((resolve) => { fraction = to; held.push(resolve); move() }),
    setFraction: (to) => { fraction = to },
  }
}
