// The slider over a run's epochs. What moves it says where it is; the server answers each place with a map. Two
// places are under way at most: however slow the link is, the last one wins. Playing goes by the clock,
// so a slow machine skips moments and keeps the speed.

const UNDER_WAY = 2
const PATIENCE = 250   // ms after which a place is sent though those before have brought no map

function element(tag, attributes, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

const choices = (list, chosen) => list.map(([value, text]) => {
  const option = element("option", {value}, text)
  option.selected = String(value) === String(chosen)
  return option
})

export function render({model, el}) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)")
  const play = element("button", {type: "button", class: "lx-play"})
  const slider = element("input", {type: "range", class: "lx-time", min: 0, step: "any", "aria-label": "Epoch of the run",
    title: "The epoch that map, sample and figures show. Arrow keys step, Home and End go to the first and the newest, Space plays."})
  const said = element("output", {class: "lx-epoch"})
  const newest = element("button", {type: "button", class: "lx-newest", title: "Back to the newest epoch (End)", "aria-label": "Back to the newest epoch"}, "⇥")
  const speed = element("select", {class: "lx-speed", title: "Epochs per second while playing", "aria-label": "Epochs per second"},
    ...choices([[1, "1/s"], [2, "2/s"], [4, "4/s"], [8, "8/s"], [16, "16/s"]], 4))
  const root = element("div", {class: "time", role: "group", "aria-label": "Epochs of the run"}, play, slider, said, newest, speed, exporting(model))
  el.append(root)

  let at = model.position, held = false, playing = false, sent = [], dirty = false, number = 0, before = 0

  function show() {
    slider.max = model.last
    slider.value = at
    const text = `epoch ${Math.round(at)} of ${model.last}`
    said.replaceChildren("epoch ", String(Math.round(at)), element("span", {class: "long"}, " of "), element("span", {class: "short"}), String(model.last))
    said.querySelector(".short").textContent = window.innerWidth <= 800 ? "/" : ""
    said.title = model.note
    slider.setAttribute("aria-valuetext", model.note ? `${text}, ${model.note}` : text)
    newest.hidden = model.follows
    play.textContent = playing ? "❚❚" : "▶"
    play.setAttribute("aria-label", playing ? "Pause" : "Play")
    play.title = playing ? "Pause (Space)" : "Play the epochs to the newest one (Space)"
    Object.assign(root.dataset, {at, playing, share: model.share, note: model.note})
  }

  function send(rest) {
    const now = performance.now()
    sent = rest ? [] : sent.filter((since) => now - since < PATIENCE)
    if (sent.length >= UNDER_WAY) {
      dirty = true
      return
    }
    if (!rest) {
      sent.push(now)
    }
    dirty = false
    number += 1
    model.send_msg({kind: "move", at, rest, number})
  }

  function go(to, rest) {
    at = Math.min(model.last, Math.max(0, to))
    show()
    send(rest)
  }

  function pause() {
    if (playing) {
      playing = false
      go(Math.round(at), true)
    }
  }

  function tick(now) {
    if (!playing || !root.isConnected) {
      return
    }
    place = Math.min(model.last, place + (now - before) / 1000 * Number(speed.value))
    before = now
    if (place >= model.last) {
      playing = false
      go(model.last, true)
      return
    }
    const to = still.matches ? Math.floor(place) : place
    if (to !== at) {
      go(to, false)
    }
    requestAnimationFrame(tick)
  }
  let place = 0   // where playing is: with reduced motion, between the steps that are shown

  function toggle() {
    if (playing) {
      pause()
      return
    }
    playing = true
    place = at >= model.last ? 0 : at
    before = performance.now()
    go(place, false)
    requestAnimationFrame(tick)
  }

  play.addEventListener("click", toggle)
  newest.addEventListener("click", () => { playing = false; go(model.last, true) })
  slider.addEventListener("input", () => {
    held = true
    playing = false
    const to = Number(slider.value)
    go(still.matches ? Math.round(to) : to, false)
  })
  slider.addEventListener("change", () => {
    held = false
    go(Math.round(at), true)
  })
  const STEPS = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10}
  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return
    }
    const here = Math.round(at)
    const to = event.key in STEPS ? here + STEPS[event.key] : {Home: 0, End: model.last}[event.key]
    if (event.key === " ") {
      toggle()
    } else if (to !== undefined) {
      playing = false
      go(to, true)
    } else {
      return
    }
    event.preventDefault()
  })
  for (const name of ["pointerenter", "focusin"]) {   // the epochs are read before the hand has hold of the knob
    root.addEventListener(name, () => model.send_msg({kind: "warm"}), {once: true})
  }

  function follow() {
    // What the server says of the place may be older than the hand.
    if (!held && !playing && model.answered >= number) {
      at = model.position
    }
    show()
  }
  model.on(["position", "last", "follows", "note", "share", "answered"], follow)
  const arrived = (event) => {
    if (event.detail.map === model.map) {
      sent.shift()
      if (dirty) {
        send(false)
      }
    }
  }
  window.addEventListener("lx-moment", arrived)
  model.on("remove", () => {
    playing = false
    window.removeEventListener("lx-moment", arrived)
  })
  follow()
}

// What is rarely needed: whether epochs are matched, and the film.
function exporting(model) {
  const select = (name, help, list, chosen) => element("select", {class: `lx-film-${name}`, title: help, "aria-label": help}, ...choices(list, chosen))
  const kind = select("kind", "File type of the film", [["gif", "GIF"], ["mp4", "MP4"]], "gif")
  const size = select("size", "Size of the film in pixels", Object.entries(model.sizes).map(([name, [w, h]]) => [name, `${w} × ${h}`]), "medium")
  const fps = select("fps", "Frames per second of the film", [[5, "5"], [10, "10"], [20, "20"], [25, "25"], [50, "50"]], 20)
  const speed = select("speed", "Epochs per second of the film", [[1, "1"], [2, "2"], [4, "4"], [5, "5"]], 4)
  const aligned = element("input", {type: "checkbox", class: "lx-aligned"})
  const start = element("button", {type: "button", class: "lx-film", title: "Film the epochs as the map shows them, and download the film"}, "Make the film")
  const cancel = element("button", {type: "button", class: "lx-film-cancel", title: "Give the film up"}, "Cancel")
  const bar = element("progress", {class: "lx-film-progress", max: 1, "aria-label": "Progress of the film"})
  const status = element("p", {class: "wide lx-film-status", role: "status"})
  const menu = element("div", {class: "menu"},
    element("label", {class: "wide", title: model.aligned_help}, aligned, "Match each epoch to the newest"),
    element("span", {}, "File"), kind, element("span", {}, "Size"), size, element("span", {}, "Frames per second"), fps,
    element("span", {}, "Epochs per second"), speed, element("div", {class: "wide buttons"}, start, cancel), element("div", {class: "wide"}, bar), status)
  const details = element("details", {}, element("summary", {class: "lx-export", title: "How epochs are matched, and a film of them", "aria-label": "Export a film"}, "Export"), menu)

  start.addEventListener("click", () => model.send_msg({kind: "film", type: kind.value, size: size.value, fps: Number(fps.value), speed: Number(speed.value)}))
  cancel.addEventListener("click", () => model.send_msg({kind: "cancel"}))
  aligned.addEventListener("change", () => model.send_msg({kind: "aligned", value: aligned.checked}))
  details.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && details.open) {
      details.open = false
      details.querySelector("summary").focus()
    }
  })
  details.addEventListener("toggle", () => {
    // The menu lies over the page, and takes its ground.
    for (let node = details; node; node = node.parentNode || node.host) {
      const ground = node instanceof Element ? getComputedStyle(node).backgroundColor : "rgba(0, 0, 0, 0)"
      if (!/rgba\(.*, 0\)|transparent/.test(ground)) {
        menu.style.setProperty("--lx-ground", ground)
        break
      }
    }
  })

  let making = false
  const show = () => {
    const busy = model.filming >= 0
    start.disabled = busy
    cancel.disabled = !busy
    bar.hidden = !busy
    bar.value = Math.max(0, model.filming)
    aligned.checked = model.aligned
    if (busy) {
      making = true
      status.textContent = `Filming, ${Math.round(100 * model.filming)} %`
    } else if (making && model.film_name === "") {
      making = false
      status.textContent = "No film was made."
    }
  }
  model.on(["filming", "aligned"], show)
  model.on("film", () => {
    if (model.film.byteLength === 0) {
      return
    }
    making = false
    const type = model.film_name.endsWith(".gif") ? "image/gif" : "video/mp4"
    const link = element("a", {href: URL.createObjectURL(new Blob([model.film], {type})), download: model.film_name})
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
    status.textContent = `${model.film_name}, ${(model.film.byteLength / 1e6).toFixed(2)} MB`
  })
  show()
  return details
}
