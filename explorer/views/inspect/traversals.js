// Decoded samples in a grid: a row an axis, a column a quantile. Arrow keys go from cell to cell; a press makes a
// cell's code the one that the axes show.

import {focusedBeside, make} from "../components/dom.js"
import {samples, unpack} from "../components/messages.js"
import {percent, signed} from "../components/numbers.js"
import {cellOf} from "./traversal_cell.js"

const POINT = "Point at a cell for its value; press it to look at its code."
const WAIT = "The traversals are made as soon as there is a map …"
const INACTIVE = "Inactive: says nothing about the samples; the decoder has learned to ignore it."
const MOST_SHOWN = 16 // axes, unless all are asked for

export function render({model, el}) {
  const traversals = new Traversals(model)
  el.append(traversals.root)
  model.on("grid", () => traversals.show())
  traversals.show()
}

class Traversals {
  constructor(model) {
    this.model = model
    this.cells = []
    this.place = [0, 0] // row and column of the cell that the keyboard is on
    this.warning = make("p", "warning")
    this.sentence = make("p", "sentence")
    this.every = make("button", "lx-traversals-all")
    this.every.type = "button"
    this.every.addEventListener("click", () => {
      this.every.disabled = true
      model.send_msg({kind: "every", every: !model.every})
    })
    this.grid = make("div", "grid lx-traversals-grid")
    this.grid.setAttribute("role", "grid")
    this.grid.setAttribute("aria-label", "Traversals: axes down, quantiles across")
    this.grid.addEventListener("keydown", (event) => this.onKey(event))
    this.detail = make("p", "detail")
    const head = make("div", "head")
    const scroll = make("div", "scroll")
    head.append(this.warning, this.sentence, this.every)
    scroll.append(this.grid)
    this.root = make("div", "traversals")
    this.root.append(head, scroll, this.detail)
  }

  // -- drawing ---------------------------------------------------------------------------------------

  show() {
    const {grid, model, every} = this
    every.disabled = false
    every.hidden = true
    if (model.grid.byteLength === 0) {
      this.cells = []
      grid.replaceChildren()
      this.warning.textContent = this.detail.textContent = ""
      this.sentence.textContent = WAIT
      return
    }
    const [head, bytes] = unpack(model.grid)
    const focused = grid.contains(focusedBeside(this.root))
    this.warning.textContent = head.warning
    this.sentence.textContent = head.sentence
    every.hidden = (head.of <= head.axes.length && !model.every) || head.of <= MOST_SHOWN
    every.textContent = model.every ? `Show the ${MOST_SHOWN} that say most` : `Show all ${head.of} axes`
    grid.style.setProperty("--columns", head.levels.length)
    grid.classList.toggle("profiles", model.drawing.kind === "profile")
    const each = samples(bytes, head.axes.length * head.levels.length)
    this.cells = head.axes.map((_, row) => this.cellsOf(head, row, each))
    grid.replaceChildren(titleLine(head), ...this.cells.map((cells, row) => axisLine(head, row, cells)))
    grid.dataset.rows = this.cells.length
    grid.dataset.grids = Number(grid.dataset.grids ?? 0) + 1
    this.keepPlace(focused)
  }

  cellsOf({axes, levels, values, normal}, row, each) {
    return levels.map((_, column) => {
      const about = {row, column, axis: axes[row], value: values[row][column], captioned: !normal}
      const cell = cellOf(this.model.drawing, about, each[row * levels.length + column], this.grid)
      cell.addEventListener("click", () => this.take(cell, row, column))
      const tell = () => {
        this.detail.textContent = cell.getAttribute("aria-label")
      }
      cell.addEventListener("pointerenter", tell)
      cell.addEventListener("focus", tell)
      return cell
    })
  }

  // A new grid must not take the keyboard's place away.
  keepPlace(focused) {
    const [row, column] = [Math.min(this.place[0], this.cells.length - 1), this.place[1]]
    if (focused) {
      this.focus(row, column)
    } else {
      this.place = [row, column]
      this.cells[row][column].tabIndex = 0
      this.detail.textContent = POINT
    }
  }

  // -- the keyboard and the pointer ------------------------------------------------------------------

  take(cell, row, column) {
    this.focus(row, column)
    this.grid.querySelector("[aria-selected=true]")?.removeAttribute("aria-selected")
    cell.setAttribute("aria-selected", true)
    this.model.send_msg({kind: "take", row, column})
  }

  focus(row, column) {
    const [formerRow, formerColumn] = this.place
    this.cells[formerRow]?.[formerColumn]?.setAttribute("tabindex", -1)
    this.place = [row, column]
    this.cells[row][column].tabIndex = 0
    this.cells[row][column].focus()
  }

  onKey(event) {
    const [row, column] = this.place
    const lastRow = this.cells.length - 1
    const lastColumn = (this.cells[0]?.length ?? 0) - 1
    const to = {
      ArrowRight: [row, Math.min(lastColumn, column + 1)],
      ArrowLeft: [row, Math.max(0, column - 1)],
      ArrowDown: [Math.min(lastRow, row + 1), column],
      ArrowUp: [Math.max(0, row - 1), column],
      Home: [row, 0],
      End: [row, lastColumn],
    }[event.key]
    if (to) {
      event.preventDefault()
      this.focus(...to)
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      this.cells[row][column].click()
    }
  }
}

function header(text, className, role, help) {
  const element = make("div", className, text)
  element.setAttribute("role", role)
  if (help) {
    element.title = help
  }
  return element
}

function titleLine({levels, normal, values}) {
  const line = make("div", "line titles")
  line.setAttribute("role", "row")
  line.append(header("axis", "axis", "columnheader"))
  levels.forEach((level, column) => {
    const share = percent(level)
    const text = normal ? `${signed(values[0][column]).trim()}\n${share}` : share
    const help = normal
      ? `The prior's quantile at ${share}, in latent units`
      : "Quantile of the codes; the value is below each sample, in latent units"
    line.append(header(text, "level", "columnheader", help))
  })
  return line
}

function axisLine({axes, active}, row, cells) {
  const line = make("div", "line")
  line.setAttribute("role", "row")
  const isActive = !active || active[row]
  const name = header(`z${axes[row] + 1}`, "axis", "rowheader", isActive ? "" : INACTIVE)
  if (!isActive) {
    name.append(make("span", "mark", "inactive"))
  }
  line.append(name, ...cells)
  return line
}
