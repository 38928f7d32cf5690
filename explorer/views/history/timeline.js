// The slider over a run's epochs. It says where it is, and the server answers each place with a map. Playing goes by
// the clock, so a slow machine skips moments and keeps the speed.

import {make, makeButton, setAttributes} from "../components/dom.js"
import {filmMenu, options} from "./film_menu.js"
import {MoveWindow} from "./move_window.js"

const STEPS = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10}
const SPEEDS = [1, 2, 4, 8, 16]
const HELP =
  "The epoch that map, sample and figures show. Arrow keys step, Home and End go to the first and the newest, Space plays."

export function render({model, el}) {
  const strip = new TimeStrip(model)
  el.append(strip.root)
  strip.begin()
}

class TimeStrip {
  constructor(model) {
    this.model = model
    this.still = window.matchMedia("(prefers-reduced-motion: reduce)")
    this.at = model.position
    this.held = false // whether a hand has the knob
    this.playing = false
    this.place = 0 // where playing is: with reduced motion, between the steps that are shown
    this.before = 0 // time of the last step of playing
    this.moves = new MoveWindow((rest, number) => model.send_msg({kind: "move", at: this.at, rest, number}))
    this.make()
  }

  make() {
    this.play = makeButton("lx-play", "", "", () => this.toggle())
    this.slider = make("input", "lx-time")
    setAttributes(this.slider, {type: "range", min: 0, step: "any"})
    setAttributes(this.slider, {"aria-label": "Epoch of the run", title: HELP})
    this.said = make("output", "lx-epoch")
    this.newest = makeButton("lx-newest", "⇥", "Back to the newest epoch (End)", () => this.goToNewest())
    this.newest.setAttribute("aria-label", "Back to the newest epoch")
    this.speed = make("select", "lx-speed")
    this.speed.title = "Epochs per second while playing"
    this.speed.setAttribute("aria-label", "Epochs per second")
    this.speed.append(
      ...options(
        SPEEDS.map((speed) => [speed, `${speed}/s`]),
        4,
      ),
    )
    this.root = setAttributes(make("div", "time"), {role: "group", "aria-label": "Epochs of the run"})
    this.root.append(this.play, this.slider, this.said, this.newest, this.speed, filmMenu(this.model))
  }

  begin() {
    const {model, slider, root} = this
    slider.addEventListener("input", () => this.onInput())
    slider.addEventListener("change", () => {
      this.held = false
      this.go(Math.round(this.at), true)
    })
    slider.addEventListener("keydown", (event) => this.onKey(event))
    for (const name of ["pointerenter", "focusin"]) {
      // The epochs are read before the hand has hold of the knob.
      root.addEventListener(name, () => model.send_msg({kind: "warm"}), {once: true})
    }
    const onMoment = (event) => {
      if (event.detail.map === model.map) {
        this.moves.answer()
      }
    }
    window.addEventListener("lx-moment", onMoment)
    model.on(["position", "last", "follows", "note", "share", "answered"], () => this.follow())
    model.on("remove", () => {
      this.playing = false
      window.removeEventListener("lx-moment", onMoment)
    })
    this.follow()
  }

  show() {
    const {at, model, playing, said} = this
    const epoch = Math.round(at)
    this.slider.max = model.last
    this.slider.value = at
    const narrow = window.innerWidth <= 800
    const parts = [make("span", "long", " of "), make("span", "short", narrow ? "/" : "")]
    said.replaceChildren("epoch ", String(epoch), ...parts, String(model.last))
    said.title = model.note
    const text = `epoch ${epoch} of ${model.last}`
    this.slider.setAttribute("aria-valuetext", model.note ? `${text}, ${model.note}` : text)
    this.newest.hidden = model.follows
    this.play.textContent = playing ? "❚❚" : "▶"
    this.play.setAttribute("aria-label", playing ? "Pause" : "Play")
    this.play.title = playing ? "Pause (Space)" : "Play the epochs to the newest one (Space)"
    Object.assign(this.root.dataset, {at, playing, share: model.share, note: model.note})
  }

  // The place that the server reports may be older than the last move of the hand.
  follow() {
    if (!this.held && !this.playing && this.model.answered >= this.moves.number) {
      this.at = this.model.position
    }
    this.show()
  }

  // -- moving ----------------------------------------------------------------------------------------

  // `rest` says that the place is final; others may be skipped.
  go(to, rest) {
    this.at = Math.min(this.model.last, Math.max(0, to))
    this.show()
    this.moves.move(rest)
  }

  goToNewest() {
    this.playing = false
    this.go(this.model.last, true)
  }

  toggle() {
    if (this.playing) {
      this.playing = false
      this.go(Math.round(this.at), true)
      return
    }
    this.playing = true
    this.place = this.at >= this.model.last ? 0 : this.at
    this.before = performance.now()
    this.go(this.place, false)
    requestAnimationFrame((now) => this.tick(now))
  }

  tick(now) {
    if (!this.playing || !this.root.isConnected) {
      return
    }
    const {last} = this.model
    this.place = Math.min(last, this.place + ((now - this.before) / 1000) * Number(this.speed.value))
    this.before = now
    if (this.place >= last) {
      this.goToNewest()
      return
    }
    const to = this.still.matches ? Math.floor(this.place) : this.place
    if (to !== this.at) {
      this.go(to, false)
    }
    requestAnimationFrame((next) => this.tick(next))
  }

  onInput() {
    this.held = true
    this.playing = false
    const to = Number(this.slider.value)
    this.go(this.still.matches ? Math.round(to) : to, false)
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return
    }
    const to = {Home: 0, End: this.model.last}[event.key]
    if (event.key === " ") {
      this.toggle()
    } else if (event.key in STEPS || to !== undefined) {
      this.playing = false
      this.go(to ?? Math.round(this.at) + STEPS[event.key], true)
    } else {
      return
    }
    event.preventDefault()
  }
}
