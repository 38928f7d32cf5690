// The tab Compare: its bar of tools, three linked maps, and the parts below them.

import {make, makeButton} from "../components/dom.js"
import {ZOOM_IN, ZOOM_OUT} from "../components/gestures.js"
import {percent} from "../components/numbers.js"
import {LinkedMaps} from "./compare_maps.js"
import {measures} from "./measures.js"
import {reconstructions} from "./reconstructions.js"
import {twinFrame} from "./twin_frame.js"

const MORPH_SECONDS = 1.6

const TOOLS = [
  ["move", "Move", "Drag moves all three maps, the wheel zooms (key M)"],
  [
    "box",
    "Box",
    "Drag a box around samples to select them, on any of the three (key B; by keyboard Enter sets two corners)",
  ],
  ["lasso", "Lasso", "Draw around samples to select them, on any of the three (key L)"],
]

export function render({model, el}) {
  const tell = (message) => model.send_msg(message)
  const root = make("div", "compare")
  const bar = make("div", "bar")
  const note = make("p", "correspondence lx-compare-note")
  bar.setAttribute("role", "toolbar")
  bar.setAttribute("aria-label", "Comparison")
  note.setAttribute("role", "status")
  const maps = new LinkedMaps(model, tell)
  const figures = make("div", "figures")
  figures.append(twinFrame(model), measures(model, tell), reconstructions(model, tell))
  root.append(bar, note, maps.root, figures)
  el.append(root)
  maps.onTool = toolButtons(bar, maps)
  viewButtons(bar, maps)
  maps.begin()
  const onState = changeTools(bar, model, maps, tell)
  const show = () => {
    const {ready, note: text, common} = model.state
    root.classList.toggle("waiting", !ready)
    root.dataset.ready = Boolean(ready)
    note.textContent = text || ""
    note.classList.toggle("apart", Boolean(ready && !common))
    onState()
  }
  model.on("state", show)
  show()
  maps.onState()
  maps.onMaps()
  tell({kind: "ready"})
}

function group(bar, label) {
  const made = make("span", "group")
  made.setAttribute("role", "group")
  made.setAttribute("aria-label", label)
  bar.append(made)
  return made
}

// Returns the function that shows which tool is chosen.
function toolButtons(bar, maps) {
  const tools = TOOLS.map(([name, text, help]) => [
    name,
    makeButton(`lx-compare-${name}`, text, help, () => maps.choose(name)),
  ])
  group(bar, "What a drag on a map does").append(...tools.map(([, button]) => button))
  return (chosen) => tools.forEach(([name, button]) => button.setAttribute("aria-pressed", name === chosen))
}

function viewButtons(bar, maps) {
  group(bar, "Viewport").append(
    makeButton("lx-compare-in", "+", "Zoom in on all three (key +)", () => maps.zoom(ZOOM_IN)),
    makeButton("lx-compare-out", "−", "Zoom out on all three (key −)", () => maps.zoom(ZOOM_OUT)),
    makeButton("lx-compare-all", "All", "Show everything on all three (key 0)", () => maps.goHome()),
  )
}

// The tools of what changed: exchange, arrows, the way from before to after. Returns what follows the state.
function changeTools(bar, model, maps, tell) {
  const swap = () => tell({kind: "swap"})
  const arrows = makeButton(
    "lx-compare-arrows",
    "Arrows",
    "Draw on the right map where samples moved: in each place the most typical one, at most 150",
    () => tell({kind: "arrows", shown: !model.state.arrows}),
  )
  group(bar, "What changed").append(
    makeButton("lx-compare-swap", "⇄ Swap", "Exchange before and after (key X)", swap),
    arrows,
  )
  const morph = new Morph(bar, maps)
  const follow = () => tell({kind: "follow"})
  const help = "Compare the latest run of this tab again"
  const back = makeButton("lx-compare-follow", "Back to the run", help, follow)
  const bringBack = makeButton(
    "lx-compare-bring-back",
    "Bring back",
    "Put the model on the map again that was reverted",
    () => tell({kind: "bring back"}),
  )
  bar.append(back, bringBack)
  let begun = 0
  return () => {
    const {common, given, reverted, arrows: drawn, begun: now} = model.state
    arrows.setAttribute("aria-pressed", Boolean(drawn))
    arrows.disabled = !common
    morph.enable(common)
    back.hidden = !given
    bringBack.hidden = !reverted
    if (now !== begun) {
      begun = now
      morph.reset() // another comparison begins at its end
    }
  }
}

// The slider of the way from before to after, and the button that plays it.
class Morph {
  constructor(bar, maps) {
    this.maps = maps
    this.playing = false
    const label = make("label", "way")
    label.title = "Moves the samples of the two right maps from where they were (left end) to where they are"
    this.slider = make("input", "lx-compare-morph")
    Object.assign(this.slider, {type: "range", min: 0, max: 1, step: 0.01, value: 1})
    this.slider.setAttribute("aria-label", "How far the samples are on their way from before to after")
    this.slider.addEventListener("input", () => {
      this.stop()
      this.show(Number(this.slider.value))
    })
    label.append("Morph", this.slider)
    const press = () => (this.playing ? this.stop() : this.start())
    this.play = makeButton("lx-compare-play", "▶ Play", "Play the way from before to after", press)
    bar.append(label, this.play)
  }

  enable(on) {
    this.slider.disabled = this.play.disabled = !on
  }

  reset() {
    this.stop()
    this.maps.fraction = 1
    this.slider.value = 1
  }

  stop() {
    this.playing = false
    this.play.textContent = "▶ Play"
  }

  show(fraction) {
    this.slider.value = fraction
    this.slider.setAttribute("aria-valuetext", `${percent(fraction)} of the way`)
    return this.maps.morph(fraction)
  }

  // The next picture is asked for once the former is on the screen; the clock says how far it is.
  async start() {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.show(Number(this.slider.value) < 1 ? 1 : 0) // there and back, without the way
      return
    }
    this.playing = true
    this.play.textContent = "■ Stop"
    await this.show(0)
    const began = performance.now()
    for (let fraction = 0; this.playing && fraction < 1;) {
      await new Promise(requestAnimationFrame)
      fraction = Math.min(1, (performance.now() - began) / 1000 / MORPH_SECONDS)
      await this.show(fraction)
    }
    this.stop()
  }
}
