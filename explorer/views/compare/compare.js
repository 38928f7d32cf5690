// The tab that compares: its bar of tools, three linked maps, and what stands below them.

const MORPH_SECONDS = 1.6

export function render({model, el}) {
  const tell = (what) => model.send_msg(what)
  const root = make("div", "compare")
  const bar = make("div", "bar"), note = make("p", "correspondence lx-compare-note")
  bar.setAttribute("role", "toolbar")
  bar.setAttribute("aria-label", "Comparison")
  note.setAttribute("role", "status")
  const maps = linkedMaps(model, tell)
  const figures = make("div", "figures")
  figures.append(twinFrame(model), measures(model, tell), reconstructions(model, tell))
  root.append(bar, note, maps.root, figures)
  el.append(root)

  const button = (parent, handle, text, help, press) => {
    const made = make("button", handle, text)
    made.type = "button"
    made.title = help
    made.addEventListener("click", press)
    parent.append(made)
    return made
  }
  const group = (label) => {
    const made = make("span", "group")
    made.setAttribute("role", "group")
    made.setAttribute("aria-label", label)
    bar.append(made)
    return made
  }

  const hands = group("What a drag on a map does")
  const tools = [
    ["move", "Move", "Drag moves all three maps, the wheel zooms (key M)"],
    ["box", "Box", "Drag a box around samples to select them, on any of the three (key B; by keyboard Enter sets two corners)"],
    ["lasso", "Lasso", "Draw around samples to select them, on any of the three (key L)"],
  ].map(([name, text, help]) => [name, button(hands, `lx-compare-${name}`, text, help, () => maps.choose(name))])
  const showTool = (chosen) => tools.forEach(([name, made]) => made.setAttribute("aria-pressed", name === chosen))
  maps.onTool(showTool)
  showTool("move")

  const sight = group("Viewport")
  button(sight, "lx-compare-in", "+", "Zoom in on all three (key +)", () => maps.zoom(0.8))
  button(sight, "lx-compare-out", "−", "Zoom out on all three (key −)", () => maps.zoom(1.25))
  button(sight, "lx-compare-all", "All", "Show everything on all three (key 0)", maps.goHome)

  const change = group("What changed")
  button(change, "lx-compare-swap", "⇄ Swap", "Exchange before and after (key X)", () => tell({kind: "swap"}))
  const arrows = button(change, "lx-compare-arrows", "Arrows", "Draw on the right map where samples moved: in each place the most typical one, at most 150", () => tell({kind: "arrows", shown: !model.state.arrows}))

  const way = make("label", "way")
  way.title = "Moves the samples of the two right maps from where they were (left end) to where they are"
  const slider = make("input", "lx-compare-morph")
  Object.assign(slider, {type: "range", min: 0, max: 1, step: 0.01, value: 1})
  slider.setAttribute("aria-label", "How far the samples are on their way from before to after")
  way.append("Morph", slider)
  bar.append(way)
  const play = button(bar, "lx-compare-play", "▶ Play", "Play the way from before to after", () => { playing ? stop() : start() })
  const back = button(bar, "lx-compare-follow", "Back to the run", "Compare the latest run of this tab again", () => tell({kind: "follow"}))

  // The next picture is asked for once the former is on the screen; how far it is says the clock.
  let playing = false
  const stop = () => { playing = false; play.textContent = "▶ Play" }
  const show = (fraction) => {
    slider.value = fraction
    slider.setAttribute("aria-valuetext", `${Math.round(100 * fraction)} % of the way`)
    return maps.morph(fraction)
  }
  async function start() {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      show(Number(slider.value) < 1 ? 1 : 0)   // there and back, without the way
      return
    }
    playing = true
    play.textContent = "■ Stop"
    await show(0)
    const began = performance.now()
    for (let fraction = 0; playing && fraction < 1;) {
      await new Promise(requestAnimationFrame)
      fraction = Math.min(1, (performance.now() - began) / 1000 / MORPH_SECONDS)
      await show(fraction)
    }
    stop()
  }
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)) })

  let begun = 0
  function onState() {
    const {ready, note: text, common, given, arrows: drawn, begun: now} = model.state
    root.classList.toggle("waiting", !ready)
    root.dataset.ready = Boolean(ready)
    note.textContent = text || ""
    note.classList.toggle("apart", Boolean(ready && !common))
    arrows.setAttribute("aria-pressed", Boolean(drawn))
    arrows.disabled = slider.disabled = play.disabled = !common
    back.hidden = !given
    if (now !== begun) {   // another comparison begins at its end
      begun = now
      stop()
      maps.setFraction(1)
      slider.value = 1
    }
  }
  model.on("state", onState)
  onState()
  maps.onState()
  maps.onMaps()
  tell({kind: "ready"})
}
