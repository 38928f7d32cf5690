// Buttons in rows that are one stop of the Tab key: arrow keys go along a row and from row to row.

const STEPS = {ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1]}

// The place that a key leads to from [row, column], among rows of so many buttons each; undefined for other keys.
export function nextPlace(key, [row, column], lengths) {
  const last = lengths.length - 1
  if (key === "Home" || key === "End") {
    const to = key === "Home" ? 0 : last
    return [to, Math.min(column, lengths[to] - 1)]
  }
  if (!(key in STEPS)) {
    return undefined
  }
  const [down, right] = STEPS[key]
  const to = Math.min(Math.max(row + down, 0), last)
  return [to, Math.min(Math.max(column + right, 0), lengths[to] - 1)]
}

export class RovingRows {
  constructor(root) {
    this.rows = []
    this.place = [0, 0]
    root.addEventListener("keydown", (event) => this.onKey(event))
    root.addEventListener("focusin", (event) => this.onFocus(event))
  }

  // `rows`: the buttons of each row.
  show(rows) {
    this.rows = rows
    const row = Math.min(this.place[0], Math.max(0, rows.length - 1))
    this.stop(rows[row]?.[this.place[1]] === undefined ? [row, 0] : [row, this.place[1]])
  }

  onKey(event) {
    const to = nextPlace(
      event.key,
      this.place,
      this.rows.map((row) => row.length),
    )
    if (to !== undefined) {
      event.preventDefault()
      this.stop(to)
      this.rows[to[0]][to[1]].focus()
    }
  }

  onFocus({target}) {
    const row = this.rows.findIndex((buttons) => buttons.includes(target))
    if (row >= 0) {
      this.stop([row, this.rows[row].indexOf(target)])
    }
  }

  stop(place) {
    this.place = place
    this.rows.forEach((buttons, row) =>
      buttons.forEach((button, column) => {
        button.tabIndex = row === place[0] && column === place[1] ? 0 : -1
      }),
    )
  }
}
