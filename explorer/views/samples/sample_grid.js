// A grid of thousands of samples: only those in sight are on the page, and are drawn when their sheet has come.

import {draw, wipe} from "../components/drawing.js"
import {make} from "../components/dom.js"
import {samples, unpack} from "../components/messages.js"
import {Sheets} from "./sheets.js"

const GAP = 4 // pixels between two samples
const SMALL = 34 // pixels of the longer side of an image
const LARGE = 84
const PROFILE = {width: 280, line: 22} // of a row of a table
const AROUND = 2 // rows above and below what is in sight that are kept ready
const HOVER = 60 // ms over a sample before it is reconstructed

export class SampleGrid {
  constructor(model, tell) {
    this.model = model
    this.tell = tell
    this.large = false
    this.sheets = new Sheets(model)
    this.cells = new Map() // place in the list to its element
    this.free = []
    this.place = 0 // in the list, of the cell that the keyboard is on
    this.hovered = null
    this.root = make("div", "grid lx-samples-grid")
    this.root.setAttribute("role", "listbox")
    this.root.setAttribute("aria-label", "Samples")
    this.room = make("div", "room")
    this.root.append(this.room)
    this.root.addEventListener("scroll", () => this.onScroll(), {passive: true})
    this.root.addEventListener("keydown", (event) => this.onKey(event))
    this.watcher = new ResizeObserver(() => this.layOut())
    this.watcher.observe(this.root)
  }

  close() {
    this.watcher.disconnect()
    clearTimeout(this.waiting)
  }

  // -- what is listed --------------------------------------------------------------------------------

  show() {
    const {listed} = this.model
    if (listed.number !== this.number) {
      this.number = listed.number
      this.sheets.clear()
      this.release(() => true)
      this.root.scrollTop = 0
      this.place = 0
      this.root.dataset.list = listed.number
    }
    this.layOut()
  }

  get size() {
    const {drawing} = this.model
    if (drawing.kind !== "image") {
      const names = drawing.names?.length ?? 1
      const line = Math.max(13, Math.min(PROFILE.line, Math.floor(280 / names)))
      return {width: PROFILE.width, height: line * names + 6}
    }
    const scale = (this.large ? LARGE : SMALL) / Math.max(drawing.width, drawing.height)
    return {width: Math.round(drawing.width * scale), height: Math.round(drawing.height * scale)}
  }

  layOut() {
    const count = this.model.listed.count ?? 0
    const {width, height} = this.size
    this.columns = Math.max(1, Math.floor((this.root.clientWidth + GAP) / (width + GAP)))
    this.rowHeight = height + GAP
    const rows = Math.ceil(count / this.columns)
    this.room.style.height = `${rows * this.rowHeight}px`
    this.root.style.setProperty("--cell-width", `${width}px`)
    this.root.style.setProperty("--cell-height", `${height}px`)
    for (const [at, cell] of this.cells) {
      this.put(cell, at)
    }
    this.fill()
  }

  put(cell, at) {
    const {width} = this.size
    const x = (at % this.columns) * (width + GAP)
    cell.style.transform = `translate(${x}px, ${Math.floor(at / this.columns) * this.rowHeight}px)`
  }

  // -- what is in sight ------------------------------------------------------------------------------

  onScroll() {
    if (!this.filling) {
      this.filling = true
      requestAnimationFrame(() => {
        this.filling = false
        this.fill()
      })
    }
  }

  get inSight() {
    const count = this.model.listed.count ?? 0
    const {scrollTop, clientHeight} = this.root
    const first = Math.max(0, Math.floor(scrollTop / this.rowHeight) - AROUND) * this.columns
    const last = (Math.ceil((scrollTop + clientHeight) / this.rowHeight) + AROUND) * this.columns
    return [first, Math.min(count, last)]
  }

  fill() {
    const [first, last] = this.inSight
    this.release((at) => at < first || at >= last)
    for (let at = first; at < last; at++) {
      if (!this.cells.has(at)) {
        this.cells.set(at, this.take(at))
      }
    }
    this.sheets.ask(first, last)
  }

  release(isGone) {
    for (const [at, cell] of this.cells) {
      if (isGone(at)) {
        this.cells.delete(at)
        this.free.push(cell)
        cell.hidden = true
      }
    }
  }

  take(at) {
    const cell = this.free.pop() ?? this.makeCell()
    cell.hidden = false
    cell.place = at
    cell.tabIndex = at === this.place ? 0 : -1
    this.put(cell, at)
    this.fillCell(cell)
    return cell
  }

  makeCell() {
    const cell = make("div", "cell")
    cell.setAttribute("role", "option")
    cell.append(make("canvas"))
    cell.addEventListener("pointerenter", () => this.hover(cell))
    cell.addEventListener("pointerleave", () => this.leave(cell))
    cell.addEventListener("focus", () => this.hover(cell))
    cell.addEventListener("blur", () => this.leave(cell))
    cell.addEventListener("click", () => this.pick(cell))
    this.room.append(cell)
    return cell
  }

  fillCell(cell) {
    const sample = this.sheets.sample(cell.place)
    cell.sample = sample
    cell.classList.toggle("empty", sample === undefined)
    cell.classList.remove("reconstructed")
    if (sample === undefined) {
      wipe(cell.firstChild)
      cell.removeAttribute("data-index")
      cell.setAttribute("aria-label", "A sample that is being loaded")
      return
    }
    cell.dataset.index = sample.index
    cell.setAttribute("aria-label", sample.about)
    cell.setAttribute("aria-selected", sample.index === this.model.picked)
    draw(cell.firstChild, this.model.drawing, sample.bytes)
  }

  takeSheet() {
    if (this.sheets.take()) {
      for (const cell of this.cells.values()) {
        if (cell.sample === undefined) {
          this.fillCell(cell)
        }
      }
      this.root.dataset.sheets = this.sheets.count
      this.sheets.ask(...this.inSight)
    }
  }

  // -- gestures --------------------------------------------------------------------------------------

  hover(cell) {
    if (!cell.sample) {
      return
    }
    this.hovered = cell
    this.tell(cell.sample.about)
    clearTimeout(this.waiting)
    const {index} = cell.sample
    this.waiting = setTimeout(() => this.model.send_msg({kind: "hover", index}), HOVER)
  }

  leave(cell) {
    if (this.hovered === cell) {
      this.hovered = null
      clearTimeout(this.waiting)
      this.tell("")
    }
    if (cell.classList.contains("reconstructed")) {
      this.fillCell(cell)
    }
  }

  takeReconstruction() {
    const [head, bytes] = unpack(this.model.reconstruction)
    const cell = this.hovered
    if (!cell?.sample || cell.sample.index !== head.index) {
      return
    }
    cell.classList.add("reconstructed")
    const [own] = samples(bytes, 1)
    const isRow = this.model.drawing.kind !== "image"
    draw(cell.firstChild, this.model.drawing, own, isRow ? cell.sample.bytes : undefined)
    const error = head.error === null ? "" : `, error ${head.error.toFixed(2)} nats`
    this.tell(`${cell.sample.about}: its reconstruction${error}`)
  }

  pick(cell) {
    if (cell.sample) {
      this.focus(cell.place)
      this.model.send_msg({kind: "pick", index: cell.sample.index})
    }
  }

  showPicked() {
    for (const cell of this.cells.values()) {
      cell.setAttribute("aria-selected", cell.sample?.index === this.model.picked)
    }
  }

  focus(at) {
    const former = this.cells.get(this.place)
    if (former) {
      former.tabIndex = -1
    }
    this.place = at
    const top = Math.floor(at / this.columns) * this.rowHeight
    const {scrollTop, clientHeight} = this.root
    if (top < scrollTop || top + this.rowHeight > scrollTop + clientHeight) {
      this.root.scrollTop = top < scrollTop ? top : top + this.rowHeight - clientHeight
    }
    this.fill()
    const cell = this.cells.get(at)
    cell.tabIndex = 0
    cell.focus({preventScroll: true})
  }

  onKey(event) {
    const {count} = this.model.listed
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.rowHeight)) * this.columns
    const steps = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: this.columns,
      ArrowUp: -this.columns,
      PageDown: page,
      PageUp: -page,
      Home: -count,
      End: count,
    }
    const step = steps[event.key]
    const cell = this.cells.get(this.place)
    if (step !== undefined && count) {
      this.focus(Math.max(0, Math.min(count - 1, this.place + step)))
    } else if ((event.key === "Enter" || event.key === " ") && cell) {
      this.pick(cell)
    } else if ((event.key === "Delete" || event.key === "Backspace") && cell?.sample) {
      this.model.send_msg({kind: "remove", index: cell.sample.index})
    } else {
      return
    }
    event.preventDefault()
  }
}
