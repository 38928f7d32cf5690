// The table of quality before and after, and how far measuring it is.

import {make, makeButton} from "../components/dom.js"

const MARKS = {better: "▲ ", worse: "▼ ", "no clear change": "= "}
const OF = "What the data are compared with: the codes of the model, or where the maps draw them"
const MEASURE =
  "Measure both sides on the held-out samples; of few of them that is done unasked once a training has ended"
const CANCEL = "Give it up; the table stays as it is"

const three = (number) => (number == null ? "–" : number.toFixed(3).replace("-", "−"))

export function measures(model, tell) {
  const root = make("section", "measures lx-compare-table")
  const head = make("div", "head")
  const of = make("select", "lx-compare-of")
  of.title = OF
  of.setAttribute("aria-label", of.title)
  of.addEventListener("change", () => tell({kind: "of", value: of.value}))
  const press = makeButton("lx-compare-measure", "", MEASURE, () =>
    tell({kind: model.table.busy ? "cancel" : "measure"}),
  )
  const bar = make("progress")
  const note = make("p", "note")
  bar.max = 1
  note.setAttribute("role", "status")
  head.append(make("h2", "", "Quality on held-out data"), of, press, bar)
  const scroll = make("div", "scroll")
  const table = make("table")
  scroll.append(table)
  root.append(head, note, scroll)

  function show() {
    const {rows, stale} = model.table
    if (!rows) {
      table.replaceChildren()
      note.textContent = ""
      return
    }
    showTools(model.table, {of, press, bar})
    note.textContent = noteOf(model.table)
    root.dataset.rows = rows.length
    root.dataset.stale = stale
    if (rows.length) {
      table.replaceChildren(titleRow(model.state.names), ...rows.map(measureRow))
    } else {
      table.replaceChildren()
    }
  }

  model.on(["table", "state"], show)
  show()
  return root
}

function showTools({of: chosen, offered, busy, share}, {of, press, bar}) {
  of.hidden = offered.length < 2
  if (of.options.length !== offered.length) {
    of.replaceChildren(...offered.map((name) => make("option", "", name)))
  }
  of.value = chosen
  press.textContent = busy ? "Cancel" : "Measure"
  press.title = busy ? CANCEL : MEASURE
  bar.hidden = !busy
  if (share > 0) {
    bar.value = share
  } else {
    bar.removeAttribute("value")
  }
}

function noteOf({rows, busy, of, stale, held_out: heldOut}) {
  const what = `${heldOut} held-out samples against ${of}; more is better`
  if (busy) {
    return busy
  }
  if (stale) {
    return `Of an earlier epoch; ${what}.`
  }
  if (!rows.length) {
    return `Not measured yet: press Measure to compare ${what}.`
  }
  const capital = what[0].toUpperCase() + what.slice(1)
  return `${capital}. In small the middle 95 % when samples are drawn again.`
}

function titleRow([one, other]) {
  const titles = make("tr")
  for (const [text, help] of [
    ["measure", "What is measured; each says what it means."],
    [one, "Of the left map."],
    [other, "Of the right map."],
    [
      "change",
      "Right less left, with the middle 95 % of the changes when the same samples are drawn again for both.",
    ],
    ["random", "What a map whose places are dealt out at random is expected to have."],
    ["verdict", "Better or worse where all of the 95 % of the change lie on one side of 0."],
  ]) {
    const cell = make("th", "", text)
    cell.scope = "col"
    cell.title = help
    titles.append(cell)
  }
  return titles
}

function measureRow(row) {
  const line = make("tr")
  const name = make("th", "", row.name)
  name.scope = "row"
  name.title = row.help
  line.append(
    name,
    figureCell(row.before),
    figureCell(row.after),
    figureCell(row.change),
    make("td", "figure", three(row.baseline)),
    make("td", "verdict", `${MARKS[row.verdict] || ""}${row.verdict}`),
  )
  return line
}

function figureCell([value, low, high]) {
  const cell = make("td", "figure", three(value))
  if (low != null) {
    cell.append(make("small", "", `${three(low)} … ${three(high)}`))
    cell.title = "The middle 95 % of the values when the samples are drawn again"
  }
  return cell
}
