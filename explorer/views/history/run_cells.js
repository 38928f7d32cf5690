// The columns of the tree of runs, and a cell of each.

import {make} from "../components/dom.js"

const SIGNS = {running: "▶", interrupted: "⚠", done: "✓", stopped: "■", failed: "✕"}
const INDENT = 14 // pixels a level
const MOST_INDENTED = 12 // levels

export const COLUMNS = [
  ["name", "Run", "Name of the run; runs that were trained from it hang below it."],
  ["state", "State", "Whether it is being trained, is done, or was left in the middle."],
  ["epochs", "Epochs", "Epochs that are kept, of those that were planned."],
  ["data", "Data, model", "The data set, the family of the autoencoder and its latent dimensions."],
  ["samples", "On", "How many samples it is trained on."],
  [
    "loss",
    "Loss",
    "Of the last epoch, on what it is trained on, in nats per sample. B: Bernoulli, G: Gaussian; never compare one with the other.",
  ],
  ["held", "Held out", "The same on held-out samples."],
  ["when", "Begun", "When the training began."],
]

// `onTwig` is called when the sign before a name is pressed that folds what is below it.
export function cellOf(row, name, folded, onTwig) {
  const cell = make("span", name)
  cell.setAttribute("role", "gridcell")
  if (name === "name") {
    fillName(cell, row, folded, onTwig)
  } else if (name === "state") {
    const [state] = row.state.split(" ")
    cell.append(make("span", `dot ${state}`, SIGNS[state]), ` ${row.state}`)
  } else if (name === "when") {
    cell.textContent = date(row.when)
  } else if (name === "loss" || name === "held") {
    cell.textContent = row[name]
    cell.title = `nats per sample, ${row.convention || "the model's own likelihood"}`
    if (row.convention) {
      cell.append(make("small", "", row.convention[0]))
    }
  } else {
    cell.textContent = cell.title = row[name]
  }
  return cell
}

function fillName(cell, row, folded, onTwig) {
  cell.style.paddingLeft = `${Math.min(row.depth, MOST_INDENTED) * INDENT}px`
  const leaf = row.depth ? "└" : ""
  const twig = make("span", "twig", row.children ? (folded ? "▸" : "▾") : leaf)
  twig.setAttribute("aria-hidden", "true")
  if (row.children) {
    twig.addEventListener("click", (event) => {
      event.stopPropagation()
      onTwig()
    })
  }
  cell.append(twig, make("span", "title", row.name))
  if (row.map) {
    cell.append(make("span", "mark", "on map"))
  }
  const about = [row.from && `from ${row.from}`, row.note].filter(Boolean).join(" · ")
  if (about) {
    cell.append(make("span", "about", about))
  }
  cell.title = [row.name, about].filter(Boolean).join("\n")
}

// Of today the time alone.
function date(seconds) {
  const then = new Date(seconds * 1000)
  const today = new Date().toDateString() === then.toDateString()
  const time = {hour: "2-digit", minute: "2-digit"}
  return then.toLocaleString("en-GB", today ? time : {day: "numeric", month: "short", ...time})
}
