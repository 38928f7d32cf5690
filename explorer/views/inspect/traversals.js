// Decoded samples in a grid: a row an axis, a column a quantile. Arrow keys go from cell to cell; a press makes a
// cell's code the one that the axes show.

export function render({model, el}) {
  const root = make("div", "traversals")
  const head = make("div", "head")
  const warning = make("p", "warning")
  const sentence = make("p", "sentence")
  const every = make("button", "lx-traversals-all")
  every.type = "button"
  every.addEventListener("click", () => {
    every.disabled = true
    model.send_msg({kind: "every", every: !model.every})
  })
  head.append(warning, sentence, every)
  const scroll = make("div", "scroll")
  const grid = make("div", "grid lx-traversals-grid")
  grid.setAttribute("role", "grid")
  grid.setAttribute("aria-label", "Traversals: axes down, quantiles across")
  scroll.append(grid)
  const detail = make("p", "detail")
  root.append(head, scroll, detail)
  el.append(root)
  let cells = [], place = [0, 0]

  function words(profile, values) {
    const {names} = model.drawing
    return profile ? Array.from(values).slice(0, 14).map((value, i) => `${names[i]} ${short(value)}`).join(", ") : ""
  }

  // A row of a table in little: its columns from left to right, each between its 1st and 99th percentile.
  function drawLittle(canvas, values) {
    const {low, high} = model.drawing, width = 96, height = 48
    canvas.width = width
    canvas.height = height
    const context = canvas.getContext("2d"), style = getComputedStyle(grid)
    const step = width / values.length
    context.fillStyle = style.color
    context.globalAlpha = 0.25
    context.fillRect(0, height / 2, width, 1)
    context.globalAlpha = 1
    context.fillStyle = style.getPropertyValue("--lx-accent")
    values.forEach((value, i) => {
      const share = Math.min(1, Math.max(0, (value - low[i]) / ((high[i] - low[i]) || 1)))
      const top = (1 - share) * (height - 4), middle = height / 2
      context.fillRect(i * step + 1, Math.min(top + 2, middle), Math.max(2, step - 2), Math.max(2, Math.abs(middle - top - 2)))
    })
  }

  function cell(row, column, axis, value, bytes, captioned) {
    const profile = model.drawing.kind === "profile"
    const element = make("div", "cell lx-cell")
    element.setAttribute("role", "gridcell")
    element.tabIndex = -1
    element.dataset.row = row
    element.dataset.column = column
    const canvas = make("canvas")
    element.append(canvas)
    if (captioned) {
      element.append(make("span", "caption", signed(value)))
    }
    const values = profile ? new Float32Array(bytes) : null
    if (profile) {
      drawLittle(canvas, values)
    } else {
      drawImage(canvas, new Uint8Array(bytes), model.drawing)
    }
    const text = `z${axis + 1} at ${signed(value).trim()}${profile ? `: ${words(profile, values)}` : ""}`
    element.setAttribute("aria-label", text)
    element.title = `${text}\nPress to look at this code in Axes and beside the map.`
    element.addEventListener("click", () => {
      focus(row, column)
      grid.querySelector("[aria-selected=true]")?.removeAttribute("aria-selected")
      element.setAttribute("aria-selected", true)
      model.send_msg({kind: "take", row, column})
    })
    const tell = () => { detail.textContent = text }
    element.addEventListener("pointerenter", tell)
    element.addEventListener("focus", tell)
    return element
  }

  function focus(row, column) {
    cells[place[0]]?.[place[1]]?.setAttribute("tabindex", -1)
    place = [row, column]
    cells[row][column].tabIndex = 0
    cells[row][column].focus()
  }

  grid.addEventListener("keydown", (event) => {
    const [row, column] = place
    const rows = cells.length, columns = cells[0]?.length ?? 0
    const to = {
      ArrowRight: [row, Math.min(columns - 1, column + 1)], ArrowLeft: [row, Math.max(0, column - 1)],
      ArrowDown: [Math.min(rows - 1, row + 1), column], ArrowUp: [Math.max(0, row - 1), column],
      Home: [row, 0], End: [row, columns - 1],
    }[event.key]
    if (to) {
      event.preventDefault()
      focus(...to)
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      cells[row][column].click()
    }
  })

  function header(text, className, role, help) {
    const element = make("div", className, text)
    element.setAttribute("role", role)
    if (help) {
      element.title = help
    }
    return element
  }

  function onGrid() {
    every.disabled = false
    const empty = model.grid.byteLength === 0
    every.hidden = empty
    if (empty) {
      cells = []
      grid.replaceChildren()
      warning.textContent = detail.textContent = ""
      sentence.textContent = "The traversals are made as soon as there is a map …"
      return
    }
    const [told, bytes] = unpack(model.grid)
    const focused = grid.contains(el.getRootNode().activeElement)
    const size = bytes.byteLength / (told.axes.length * told.levels.length)
    const percent = (level) => `${Math.round(100 * level)} %`
    warning.textContent = told.warning
    sentence.textContent = told.sentence
    every.hidden = told.of <= told.axes.length && !model.every || told.of <= 16
    every.textContent = model.every ? "Show the 16 that say most" : `Show all ${told.of} axes`
    grid.style.setProperty("--columns", told.levels.length)
    const top = make("div", "line titles")
    top.setAttribute("role", "row")
    top.append(header("axis", "axis", "columnheader"), ...told.levels.map((level, column) =>
      told.normal ? header(`${signed(told.values[0][column]).trim()}\n${percent(level)}`, "level", "columnheader", `The prior's quantile at ${percent(level)}, in latent units`) :
        header(percent(level), "level", "columnheader", "Quantile of the codes; the value is below each sample, in latent units")))
    cells = []
    const lines = told.axes.map((axis, row) => {
      const line = make("div", "line")
      line.setAttribute("role", "row")
      const active = !told.active || told.active[row]
      const name = header(`z${axis + 1}`, "axis", "rowheader", active ? "" : "Inactive: says nothing about the samples; the decoder has learned to ignore it.")
      if (!active) {
        name.append(make("span", "mark", "inactive"))
      }
      cells.push(told.levels.map((_, column) => {
        const at = (row * told.levels.length + column) * size
        return cell(row, column, axis, told.values[row][column], bytes.slice(at, at + size), !told.normal)
      }))
      line.append(name, ...cells[row])
      return line
    })
    grid.classList.toggle("profiles", model.drawing.kind === "profile")
    grid.replaceChildren(top, ...lines)
    grid.dataset.rows = lines.length
    grid.dataset.grids = Number(grid.dataset.grids ?? 0) + 1
    const [row, column] = [Math.min(place[0], lines.length - 1), place[1]]
    if (focused) {
      focus(row, column)
    } else {
      place = [row, column]
      cells[row][column].tabIndex = 0
      detail.textContent = "Point at a cell for its value; press it to look at its code."
    }
  }

  model.on("grid", onGrid)
  onGrid()
}
