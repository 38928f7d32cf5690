// A bar per latent axis. A bar is dragged, or moved with the arrow keys; what the hand does is sent at most once a
// screen frame, and the bar under the hand follows the hand, the others what comes back.

const NAME = (axis) => `z${axis + 1}`
const INACTIVE = "Inactive: over the samples its expected values vary by no more than 1 % of the prior's variance, so it says nothing about them and the decoder has learned to ignore it."

export function render({model, el}) {
  const root = make("div", "axes")
  const head = make("div", "head")
  const sentence = make("p", "lx-axes-summary")
  sentence.setAttribute("role", "status")
  const from = make("p", "from lx-axes-start")
  const reset = make("button", "reset lx-axes-reset", "Reset all")
  reset.type = "button"
  reset.title = "Put every bar back to where it began; a double click on a bar puts back that one"
  reset.addEventListener("click", () => model.send_msg({kind: "reset", axis: null}))
  head.append(sentence, from, reset)
  const list = make("div", "list")
  const side = make("div", "side")
  const canvas = make("canvas", "lx-axes-frame")
  canvas.setAttribute("role", "img")
  canvas.setAttribute("aria-label", "The decoded sample of this code")
  canvas.dataset.frames = 0
  const nearest = make("canvas", "nearest")
  nearest.setAttribute("role", "img")
  const caption = make("figcaption", "", "decoded"), caption2 = make("figcaption", "", "nearest sample")
  const figures = [make("figure"), make("figure")]
  figures[0].append(canvas, caption)
  figures[1].append(nearest, caption2)
  const strip = make("div", "strip")
  strip.append(...figures)
  const readout = make("p", "readout lx-axes-readout")
  side.append(strip, readout)
  root.append(head, list, side)
  el.append(root)

  let rows = [], held = null, stale = false, frames = 0, code = null
  const waiting = new Map()

  function send(axis, value) {
    if (waiting.size === 0) {
      requestAnimationFrame(() => {
        for (const [axis, value] of waiting) {
          model.send_msg({kind: "move", axis, value})
        }
        waiting.clear()
      })
    }
    waiting.set(axis, value)
    rows[axis].show(value)
  }

  function makeRow(axis) {
    const {low, high, active, kl, variance} = model.axes
    const a = low[axis], b = high[axis]
    const place = (value) => 100 * Math.min(1, Math.max(0, (value - a) / (b - a)))
    const element = make("div", "row")
    const name = make("span", "name", NAME(axis))
    if (active && !active[axis]) {
      const mark = make("span", "mark", "inactive")
      mark.title = INACTIVE
      name.append(mark)
    }
    const slider = make("div", "slider")
    slider.tabIndex = 0
    slider.dataset.axis = axis
    slider.setAttribute("role", "slider")
    slider.setAttribute("aria-label", `Axis ${NAME(axis)}${active && !active[axis] ? ", inactive" : ""}`)
    slider.setAttribute("aria-valuemin", a.toFixed(2))
    slider.setAttribute("aria-valuemax", b.toFixed(2))
    slider.title = `${NAME(axis)} from ${signed(a).trim()} to ${signed(b).trim()}: drag, or arrow keys (with Shift ten steps); double click or Backspace resets`
    const track = make("span", "track"), zero = make("span", "zero"), bar = make("span", "bar")
    const whisker = make("span", "whisker"), began = make("span", "began"), knob = make("span", "knob")
    zero.style.left = `${place(0)}%`
    slider.append(track, zero, whisker, bar, began, knob)
    const value = make("span", "value"), spread = make("span", "number spread"), here = make("span", "number here")
    const mean = make("span", "number mean", kl ? kl[axis].toFixed(2) : short(variance[axis]))
    element.append(name, slider, value, spread, here, mean)

    let now = null
    const show = (number) => {
      if (number === now) {
        return
      }
      now = number
      const from = place(Math.min(b, Math.max(a, 0))), to = place(number)
      bar.style.left = `${Math.min(from, to)}%`
      bar.style.width = `${Math.abs(to - from)}%`
      knob.style.left = `${to}%`
      value.textContent = signed(number)
      slider.setAttribute("aria-valuenow", number.toFixed(3))
      slider.setAttribute("aria-valuetext", `${number.toFixed(2)} latent units`)
    }
    const begin = () => {
      const {code, spread: spreads, kl: own} = model.start
      const at = code[axis], sigma = spreads ? spreads[axis] : 0
      began.style.left = `${place(at)}%`
      whisker.style.left = `${place(at - sigma)}%`
      whisker.style.width = `${place(at + sigma) - place(at - sigma)}%`
      spread.textContent = `±${sigma.toFixed(2)}`
      here.textContent = own ? own[axis].toFixed(2) : ""
    }
    const under = (event) => {
      const box = slider.getBoundingClientRect()
      return a + (b - a) * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))
    }
    slider.addEventListener("pointerdown", (event) => {
      if (event.button === 0) {
        held = axis
        slider.setPointerCapture(event.pointerId)
        send(axis, under(event))
      }
    })
    slider.addEventListener("pointermove", (event) => {
      if (held === axis) {
        send(axis, under(event))
      }
    })
    for (const end of ["pointerup", "pointercancel"]) {
      slider.addEventListener(end, () => {
        held = null
        if (stale) {
          onAxes()
        }
      })
    }
    const back = () => {
      waiting.delete(axis)
      model.send_msg({kind: "reset", axis})
    }
    slider.addEventListener("dblclick", back)
    slider.addEventListener("keydown", (event) => {
      const step = (b - a) / 100 * (event.shiftKey ? 10 : 1)
      const by = {ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: 10 * step, PageDown: -10 * step}[event.key]
      const to = by !== undefined ? now + by : {Home: a, End: b}[event.key]
      if (to !== undefined) {
        event.preventDefault()
        send(axis, Math.min(b, Math.max(a, to)))
      } else if (event.key === "Backspace" || event.key === "Delete") {
        event.preventDefault()
        back()
      }
    })
    return {element, show, begin, slider}
  }

  function titles() {
    const {kl} = model.axes
    const row = make("div", "row titles")
    for (const [className, text, help] of [
      ["name", "axis", kl ? "Latent axes, those with the largest mean KL first." : "Latent axes, those whose codes vary most first."],
      ["wide", "code", "The bar is the code that is decoded; the thin mark is where it began, with the posterior's spread around it."],
      ["value", "value", "The code along this axis, in latent units."],
      ["number spread", "spread", "Standard deviation of the posterior along this axis, in latent units; 0 where a sample is one place."],
      ["number here", kl ? "KL here" : "", "KL of this sample's posterior from the prior along this axis, in nats."],
      ["number mean", kl ? "mean KL" : "variance", kl ? "KL along this axis, mean over all samples, in nats." : "Variance of the codes along this axis over all samples, in squared latent units."],
    ]) {
      const cell = make("span", className, text)
      cell.title = help
      row.append(cell)
    }
    return row
  }

  function onAxes() {
    if (held !== null) {   // a new model while the hand drags: its bars come when the hand lets go
      stale = true
      return
    }
    stale = false
    const {order, sentence: text, collapsed} = model.axes
    sentence.textContent = text || model.note || "The axes are measured once there is a map."
    sentence.classList.toggle("collapsed", Boolean(collapsed))
    root.classList.toggle("empty", !order)
    if (!order) {
      rows = []
      list.replaceChildren()
      wipe(canvas)
      return
    }
    const focused = el.getRootNode().activeElement?.dataset?.axis, at = list.scrollTop
    rows = []
    for (const axis of order) {
      rows[axis] = makeRow(axis)
    }
    list.replaceChildren(titles(), ...order.map((axis) => rows[axis].element))
    list.scrollTop = at
    if (focused !== undefined) {   // a new model must not take the keyboard's place away
      rows[focused]?.slider.focus()
    }
    onStart()
  }

  function onStart() {
    const {code: began, name, kl} = model.start
    if (!began || began.length !== rows.length) {
      return
    }
    from.textContent = `From ${name}.`
    rows.forEach((row) => row.begin())
    showCode(code && code.length === rows.length ? code : began)
  }

  function showCode(values) {
    values.forEach((value, axis) => {
      if (axis !== held && !waiting.has(axis)) {
        rows[axis].show(value)
      }
    })
  }

  function onFrame() {
    if (model.frame.byteLength === 0) {
      code = null
      return
    }
    const [head, bytes] = unpack(model.frame)
    const {drawing} = model, profile = drawing.kind === "profile"
    const size = head.nearest == null ? bytes.byteLength : bytes.byteLength / 2
    const sample = bytes.slice(0, size), near = head.nearest == null ? null : bytes.slice(size)
    code = head.code
    if (code.length === rows.length) {
      showCode(code)
    }
    strip.classList.toggle("profiles", profile)
    figures[1].hidden = profile || near === null
    const named = head.nearest == null ? "" : `#${head.nearest}${head.label ? `, ${head.label}` : ""}`
    caption.textContent = profile && near ? `● decoded   ▏nearest row ${named}` : "decoded"
    draw(canvas, drawing, sample, near)
    if (!profile && near) {
      draw(nearest, drawing, near)
      caption2.textContent = `nearest: ${named}`
      nearest.setAttribute("aria-label", `Nearest sample ${named}`)
    }
    readout.textContent = head.support == null ? "support: being computed" :
      `support ${Math.round(100 * head.support)} %${head.support < 0.01 ? " – no sample near" : ""} · nearest ${named}, at ${short(head.distance)}`
    frames += 1
    canvas.dataset.frames = frames
  }

  model.on(["axes", "note"], onAxes)
  model.on("start", onStart)
  model.on("frame", onFrame)
  onAxes()
  onFrame()
  model.send_msg({kind: "ready"})
}
