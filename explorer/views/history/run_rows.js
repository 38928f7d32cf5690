// The rows of the tree: newest family first, children below what they were trained from. Arrows go along the rows,
// Enter opens, F2 renames, Delete deletes.

import {focusedBeside, make, makeButton} from "../components/dom.js"
import {COLUMNS, cellOf} from "./run_cells.js"

export class RunRows {
  // `beforeRows` is called before the rows are drawn.
  constructor(model, send, beforeRows) {
    this.model = model
    this.send = send
    this.beforeRows = beforeRows
    this.root = make("div", "list lx-runs")
    this.grid = make("div", "grid")
    this.foot = make("div", "foot")
    this.grid.setAttribute("role", "treegrid")
    this.grid.setAttribute("aria-label", "Runs that are kept")
    this.root.append(this.grid, this.foot)
    this.folded = new Set()
    this.at = null // the run whose row the keyboard is on
    this.editing = false // while a name is typed no row is replaced under the hand
    this.grid.addEventListener("keydown", (event) => this.onKey(event))
  }

  // The rows that are not below a folded one.
  get visible() {
    let hidden = Infinity
    return (this.model.tree.rows ?? []).filter((row) => {
      if (row.depth > hidden) {
        return false
      }
      hidden = this.folded.has(row.run) ? row.depth : Infinity
      return true
    })
  }

  get elements() {
    return [...this.grid.querySelectorAll(".row")]
  }

  element(run) {
    return this.elements.find((row) => row.dataset.run === run)
  }

  select(run) {
    this.elements.forEach((row) => row.setAttribute("aria-selected", row.dataset.run === run))
  }

  go(run) {
    this.at = run
    for (const row of this.elements) {
      row.tabIndex = row.dataset.run === run ? 0 : -1
    }
    this.element(run)?.focus()
    this.send("choose", {run})
  }

  fold(run, shut) {
    if (shut) {
      this.folded.add(run)
    } else {
      this.folded.delete(run)
    }
    this.show()
  }

  // -- drawing ---------------------------------------------------------------------------------------

  show() {
    if (this.editing) {
      return
    }
    const {grid, root, model} = this
    const {rows = []} = model.tree
    const focused = grid.contains(focusedBeside(root))
    const scrolled = root.scrollTop
    const shown = this.visible
    this.beforeRows()
    grid.replaceChildren(titleRow(), ...shown.map((row) => this.row(row)))
    grid.hidden = !rows.length
    this.showFoot(model.tree)
    if (!shown.some((row) => row.run === this.at)) {
      const chosen = shown.find((row) => row.run === model.detail.run)
      this.at = (chosen ?? shown[0])?.run ?? null
    }
    const here = this.element(this.at)
    if (here) {
      here.tabIndex = 0
      root.scrollTop = scrolled
      if (focused) {
        here.focus({preventScroll: true}) // redrawing must not take the keyboard's place away
      }
    }
  }

  showFoot({rows = [], found = 0, search, trashed, error}) {
    this.foot.replaceChildren()
    if (!rows.length) {
      const none = trashed ? "No run was deleted." : "No run is kept yet: press Train."
      const sentence = error || (search ? "No run has all of these words." : none)
      this.foot.append(make("p", "empty lx-runs-empty", sentence))
    }
    if (rows.length < found) {
      const text = `Show more (${(found - rows.length).toLocaleString("en")})`
      const more = () => this.send("more")
      this.foot.append(makeButton("more lx-runs-more", text, "List the next fifty.", more))
    }
  }

  row(row) {
    const made = make("div", "row")
    made.setAttribute("role", "row")
    made.setAttribute("aria-level", row.depth + 1)
    made.setAttribute("aria-selected", row.run === this.model.detail.run)
    const folded = this.folded.has(row.run)
    if (row.children) {
      made.setAttribute("aria-expanded", !folded)
    }
    made.dataset.run = row.run
    made.tabIndex = -1
    const onTwig = () => this.fold(row.run, !folded)
    made.append(...COLUMNS.map(([name]) => cellOf(row, name, folded, onTwig)))
    made.addEventListener("click", () => this.go(row.run))
    made.addEventListener("dblclick", () => this.send("open", {run: row.run}))
    return made
  }

  // -- keys ------------------------------------------------------------------------------------------

  onKey(event) {
    const shown = this.visible
    const here = shown.findIndex((row) => row.run === this.at)
    if (here >= 0 && (this.goAlong(event.key, shown, here) || this.act(event.key, shown[here].run))) {
      event.preventDefault()
      event.stopPropagation()
    }
  }

  // Moves along the rows and folds them. Returns whether the key means that.
  goAlong(key, shown, here) {
    const row = shown[here]
    const to = {ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: shown.length - 1}[key]
    const above = shown.slice(0, here).findLast((other) => other.depth < row.depth)
    const folded = this.folded.has(row.run)
    if (to !== undefined) {
      this.go(shown[Math.max(0, Math.min(to, shown.length - 1))].run)
    } else if (key === "ArrowRight" && row.children && folded) {
      this.fold(row.run, false)
    } else if (key === "ArrowRight" && row.children) {
      this.go(shown[here + 1].run)
    } else if (key === "ArrowLeft" && row.children && !folded) {
      this.fold(row.run, true)
    } else if (key === "ArrowLeft" && above) {
      this.go(above.run)
    } else {
      return false
    }
    return true
  }

  // Opens, renames or deletes a run. Returns whether the key means that.
  act(key, run) {
    const {trashed} = this.model.tree
    if (key === "Enter" && !trashed) {
      this.send("open", {run})
    } else if (key === "F2") {
      this.rename(run)
    } else if (key === "Delete" && !trashed) {
      this.send("delete", {run})
    } else {
      return key === " " // the page would scroll
    }
    return true
  }

  rename(run) {
    const row = (this.model.tree.rows ?? []).find((other) => other.run === run)
    const title = this.element(run)?.querySelector(".title")
    if (!row || !title || row.state === undefined || this.model.tree.trashed) {
      return
    }
    const input = make("input", "lx-run-rename")
    input.value = row.name
    input.maxLength = 120
    input.setAttribute("aria-label", "Name of the run")
    this.editing = true
    title.replaceWith(input)
    input.focus()
    input.select()
    const end = (keep) => {
      if (!this.editing) {
        return // leaving the field, as its removal makes one do
      }
      this.editing = false
      if (keep && input.value.trim() !== row.name) {
        this.send("name", {run, text: input.value})
      }
      this.show()
      this.element(run)?.focus()
    }
    input.addEventListener("keydown", (event) => {
      event.stopPropagation()
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault()
        end(event.key === "Enter")
      }
    })
    input.addEventListener("click", (event) => event.stopPropagation())
    input.addEventListener("blur", () => end(true))
  }
}

function titleRow() {
  const titles = make("div", "titles")
  titles.setAttribute("role", "row")
  for (const [name, title, help] of COLUMNS) {
    const head = make("span", name, title)
    head.setAttribute("role", "columnheader")
    head.title = help
    titles.append(head)
  }
  return titles
}
