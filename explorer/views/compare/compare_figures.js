// What stands below the linked maps: the samples that both sides decode at the cursor, the table of measures, and
// some samples beside both reconstructions.

function twinFrame(model) {
  const root = make("section", "twins")
  const strip = make("div", "strip"), readout = make("p", "readout", "Move over a map: what either side's decoder makes of that place appears here.")
  const figure = (handle, name) => {
    const box = make("figure"), canvas = make("canvas", handle), caption = make("figcaption", "", name)
    canvas.setAttribute("role", "img")
    box.append(canvas, caption)
    strip.append(box)
    return {box, canvas, caption}
  }
  const before = figure("lx-twin-before", ""), after = figure("lx-twin-after", ""), difference = figure("lx-twin-difference", "difference")
  difference.canvas.setAttribute("aria-label", "The right one less the left one: blue where it is darker, orange where it is brighter")
  difference.box.title = "The second less the first: blue where it is darker, orange where it is brighter."
  before.canvas.dataset.frames = 0
  root.append(make("h3", "", "Decoded at the cursor"), strip, readout)
  let frames = 0

  function onFrame() {
    if (model.frame.byteLength === 0 || !model.state.ready) {
      return
    }
    const [head, bytes] = unpack(model.frame), half = bytes.byteLength / 2
    const first = bytes.slice(0, half), second = bytes.slice(half)
    const {drawing} = model, profile = drawing.kind === "profile", [one, other] = model.state.names
    strip.classList.toggle("profiles", profile)
    before.box.hidden = difference.box.hidden = profile
    if (profile) {
      draw(after.canvas, drawing, second, first)
      after.caption.textContent = `● ${other}   ▏${one}`
    } else {
      draw(before.canvas, drawing, first)
      draw(after.canvas, drawing, second)
      drawDifference(difference.canvas, new Uint8Array(first), new Uint8Array(second), drawing)
      before.caption.textContent = one
      after.caption.textContent = other
    }
    before.canvas.setAttribute("aria-label", `Decoded by ${one}`)
    after.canvas.setAttribute("aria-label", `Decoded by ${other}`)
    const code = (values) => values.slice(0, 4).map(signed).join(" ") + (values.length > 4 ? " …" : "")
    const [a, b] = head.codes.map(code)
    readout.textContent = `at ${signed(head.x)}, ${signed(head.y)}; code ${a === b ? a : `${a} and ${b}`}`
    frames += 1
    Object.assign(before.canvas.dataset, {x: head.x, y: head.y, frames})
  }

  model.on("frame", onFrame)
  model.on("drawing", () => {
    for (const {canvas} of [before, after, difference]) {
      wipe(canvas)
    }
  })
  onFrame()
  return root
}

const three = (number) => number == null ? "–" : number.toFixed(3).replace("-", "−")
const MARKS = {better: "▲ ", worse: "▼ ", "no clear change": "= "}

function measures(model, tell) {
  const root = make("section", "measures lx-compare-table")
  const head = make("div", "head"), title = make("h3", "", "Quality on held-out data")
  const of = make("select", "lx-compare-of")
  of.title = "What the data are compared with: the codes of the model, or where the maps draw them"
  of.setAttribute("aria-label", of.title)
  of.addEventListener("change", () => tell({kind: "of", value: of.value}))
  const press = make("button", "lx-compare-measure")
  press.type = "button"
  const bar = make("progress"), note = make("p", "note")
  bar.max = 1
  note.setAttribute("role", "status")
  head.append(title, of, press, bar)
  const scroll = make("div", "scroll"), table = make("table")
  scroll.append(table)
  root.append(head, note, scroll)
  press.addEventListener("click", () => tell({kind: model.table.busy ? "cancel" : "measure"}))

  function cell([value, low, high]) {
    const made = make("td", "figure", three(value))
    if (low != null) {
      made.append(make("small", "", `${three(low)} … ${three(high)}`))
      made.title = "The middle 95 % of the values when the samples are drawn again"
    }
    return made
  }

  function show() {
    const {rows, busy, share, of: chosen, offered, stale, held_out: heldOut} = model.table
    if (!rows) {
      table.replaceChildren()
      note.textContent = ""
      return
    }
    of.hidden = offered.length < 2
    if (of.options.length !== offered.length) {
      of.replaceChildren(...offered.map((name) => make("option", "", name)))
    }
    of.value = chosen
    press.textContent = busy ? "Cancel" : "Measure"
    press.title = busy ? "Give it up; the table stays as it is" : "Measure both sides on the held-out samples; of few of them that is done unasked once a training has ended"
    bar.hidden = !busy
    if (share > 0) {
      bar.value = share
    } else {
      bar.removeAttribute("value")
    }
    const what = `${heldOut} held-out samples against ${chosen}; more is better`
    note.textContent = busy || (stale ? `Of an earlier epoch; ${what}.` : rows.length ? `${what[0].toUpperCase()}${what.slice(1)}. In small the middle 95 % when samples are drawn again.` : `Not measured yet: press Measure to compare ${what}.`)
    root.dataset.rows = rows.length
    root.dataset.stale = stale
    if (!rows.length) {
      table.replaceChildren()
      return
    }
    const [one, other] = model.state.names
    const titles = make("tr")
    for (const [text, help] of [
      ["measure", "What is measured; each says what it means."], [one, "Of the left map."], [other, "Of the right map."],
      ["change", "Right less left, with the middle 95 % of the changes when the same samples are drawn again for both."],
      ["random", "What a map whose places are dealt out at random is expected to have."],
      ["verdict", "Better or worse where all of the 95 % of the change lie on one side of 0."],
    ]) {
      const cell = make("th", "", text)
      cell.scope = "col"
      cell.title = help
      titles.append(cell)
    }
    table.replaceChildren(titles, ...rows.map((row) => {
      const line = make("tr"), name = make("th", "", row.name)
      name.scope = "row"
      name.title = row.help
      const verdict = make("td", "verdict", `${MARKS[row.verdict] || ""}${row.verdict}`)
      line.append(name, cell(row.before), cell(row.after), cell(row.change), make("td", "figure", three(row.baseline)), verdict)
      return line
    }))
  }

  model.on(["table", "state"], show)
  show()
  return root
}

function reconstructions(model, tell) {
  const root = make("section", "examples lx-compare-samples")
  const head = make("div", "head"), title = make("h3", "", "Reconstructions")
  const which = make("select", "lx-compare-which")
  which.title = "Whose reconstructions are shown: of the selected samples, or of the held-out ones whose error has grown most"
  which.setAttribute("aria-label", which.title)
  for (const name of ["selected", "worst changed"]) {
    which.append(make("option", "", name))
  }
  which.addEventListener("change", () => tell({kind: "which", value: which.value}))
  head.append(title, which)
  const note = make("p", "note"), grid = make("div", "grid")
  root.append(head, note, grid)

  function onSamples() {
    if (model.samples.byteLength === 0 || !model.state.ready) {
      grid.replaceChildren()
      note.textContent = "Made with the first maps."
      return
    }
    const [head, bytes] = unpack(model.samples), {drawing} = model, profile = drawing.kind === "profile"
    const [one, other] = model.state.names
    which.value = head.shown
    note.textContent = `${profile ? `▏original, ● ${one} | ● ${other}` : `original | ${one} | ${other}`}; errors in nats, ${head.convention}`
    grid.classList.toggle("profiles", profile)
    const size = bytes.byteLength / (3 * head.rows.length)
    const cells = head.rows.map((row, i) => {
      const [original, first, second] = [0, 1, 2].map((part) => bytes.slice((3 * i + part) * size, (3 * i + part + 1) * size))
      const [was, is] = head.errors[i], name = `#${row}${head.labels ? ` · ${head.labels[i]}` : ""}`
      const box = make("figure"), strip = make("div", "trio")
      const parts = profile ? [[first, original], [second, original]] : [[original], [first], [second]]
      const canvases = parts.map(() => make("canvas"))
      strip.append(...canvases)
      strip.setAttribute("role", "img")
      strip.setAttribute("aria-label", `Sample ${name}: error ${short(was)} nats by ${one}, ${short(is)} by ${other}`)
      const caption = make("figcaption", "", `${name} `)
      caption.append(make("span", is > was ? "up" : "down", `${short(was)} → ${short(is)} ${is > was ? "▲" : "▼"}`))
      box.append(strip, caption)
      return {box, canvases, parts}
    })
    grid.replaceChildren(...cells.map(({box}) => box))
    for (const {canvases, parts} of cells) {   // a profile is as wide as its place on the page
      canvases.forEach((canvas, i) => draw(canvas, drawing, ...parts[i]))
    }
    grid.dataset.samples = head.rows.length
  }

  model.on("samples", onSamples)
  onSamples()
  return root
}
