// The runs that are kept, as rows of a tree: newest family first, children below what they were trained from. Arrows
// go along the rows, Enter opens, F2 renames, Delete deletes. What can be done with the chosen run stands beside them.

const PIECE = 2_000_000   // bytes of a file that are sent at once: every server takes messages of this size
const LOOK = 1000         // milliseconds between two questions whether the store has changed

const COLUMNS = [
  ["name", "Run", "Name of the run; runs that were trained from it hang below it."],
  ["state", "State", "Whether it is being trained, is done, or was left in the middle."],
  ["epochs", "Epochs", "Epochs that are kept, of those that were planned."],
  ["data", "Data, model", "The data set, the family of the autoencoder and its latent dimensions."],
  ["samples", "On", "How many samples it is trained on."],
  ["loss", "Loss", "Of the last epoch, on what it is trained on, in nats per sample. B: Bernoulli, G: Gaussian; never compare one with the other."],
  ["held", "Held out", "The same on held-out samples."],
  ["when", "Begun", "When the training began."],
]

export function render({model, el}) {
  const send = (kind, more = {}) => model.send_msg({kind, ...more})
  const root = make("div", "history")
  const {bar, tell} = toolbar(model, send)
  const list = make("div", "list lx-runs"), grid = make("div", "grid"), foot = make("div", "foot")
  grid.setAttribute("role", "treegrid")
  grid.setAttribute("aria-label", "Runs that are kept")
  list.append(grid, foot)
  const side = make("section", "side lx-run")
  side.setAttribute("aria-label", "The chosen run")
  root.append(bar, list, side)
  el.append(root)
  const folded = new Set()
  let at = null          // the run whose row the keyboard is on
  let editing = false    // while a name is typed no row is replaced under the hand

  const button = (text, handle, help, press, parent, disabled = false) => {
    const made = make("button", handle, text)
    made.type = "button"
    made.title = help
    made.disabled = disabled
    made.addEventListener("click", press)
    parent.append(made)
    return made
  }

  // -- rows --------------------------------------------------------------------------------------------

  function visible() {
    let hidden = Infinity
    return (model.tree.rows ?? []).filter((row) => {
      if (row.depth > hidden) {
        return false
      }
      hidden = folded.has(row.run) ? row.depth : Infinity
      return true
    })
  }

  const element = (run) => [...grid.querySelectorAll(".row")].find((row) => row.dataset.run === run)

  function go(run) {
    at = run
    grid.querySelectorAll(".row").forEach((row) => { row.tabIndex = row.dataset.run === run ? 0 : -1 })
    element(run)?.focus()
    send("choose", {run})
  }

  function fold(run, shut) {
    shut ? folded.add(run) : folded.delete(run)
    draw()
  }

  function cell(row, name) {
    const made = make("span", name)
    made.setAttribute("role", "gridcell")
    if (name === "name") {
      made.style.paddingLeft = `${Math.min(row.depth, 12) * 14}px`
      const twig = make("span", "twig", row.children ? (folded.has(row.run) ? "▸" : "▾") : row.depth ? "└" : "")
      twig.setAttribute("aria-hidden", "true")
      if (row.children) {
        twig.addEventListener("click", (event) => {
          event.stopPropagation()
          fold(row.run, !folded.has(row.run))
        })
      }
      made.append(twig, make("span", "title", row.name))
      if (row.map) {
        made.append(make("span", "mark", "on map"))
      }
      const about = [row.from && `from ${row.from}`, row.note].filter(Boolean).join(" · ")
      if (about) {
        made.append(make("span", "about", about))
      }
      made.title = [row.name, about].filter(Boolean).join("\n")
    } else if (name === "state") {
      made.append(make("span", `dot ${row.state.split(" ")[0]}`, SIGNS[row.state.split(" ")[0]]), ` ${row.state}`)
    } else if (name === "when") {
      made.textContent = date(row.when)
    } else {
      made.textContent = row[name]
      made.title = name === "loss" || name === "held" ? `nats per sample, ${row.convention || "the model's own likelihood"}` : row[name]
      if ((name === "loss" || name === "held") && row.convention) {
        made.append(make("small", "", row.convention[0]))
      }
    }
    return made
  }

  function line(row) {
    const made = make("div", "row")
    made.setAttribute("role", "row")
    made.setAttribute("aria-level", row.depth + 1)
    made.setAttribute("aria-selected", row.run === model.detail.run)
    if (row.children) {
      made.setAttribute("aria-expanded", !folded.has(row.run))
    }
    made.dataset.run = row.run
    made.tabIndex = -1
    made.append(...COLUMNS.map(([name]) => cell(row, name)))
    made.addEventListener("click", () => go(row.run))
    made.addEventListener("dblclick", () => send("open", {run: row.run}))
    return made
  }

  function draw() {
    if (editing) {
      return
    }
    const {rows = [], found = 0, search, trashed, error} = model.tree
    const focused = grid.contains(el.getRootNode().activeElement), scrolled = list.scrollTop
    const shown = visible()
    tell(model.tree)
    const titles = make("div", "titles")
    titles.setAttribute("role", "row")
    titles.append(...COLUMNS.map(([name, title, help]) => {
      const head = make("span", name, title)
      head.setAttribute("role", "columnheader")
      head.title = help
      return head
    }))
    grid.replaceChildren(titles, ...shown.map(line))
    grid.hidden = !rows.length
    foot.replaceChildren()
    if (!rows.length) {
      const sentence = error || (search ? "No run has all of these words." : trashed ? "No run was deleted." : "No run is kept yet: press Train.")
      foot.append(make("p", "empty lx-runs-empty", sentence))
    }
    if (rows.length < found) {
      button(`Show more (${(found - rows.length).toLocaleString("en")})`, "more lx-runs-more", "List the next fifty.", () => send("more"), foot)
    }
    if (!shown.some((row) => row.run === at)) {
      at = shown.some((row) => row.run === model.detail.run) ? model.detail.run : shown[0]?.run ?? null
    }
    const here = element(at)
    if (here) {
      here.tabIndex = 0
      list.scrollTop = scrolled
      if (focused) {   // redrawing must not take the keyboard's place away
        here.focus({preventScroll: true})
      }
    }
  }

  function rename(run) {
    const row = (model.tree.rows ?? []).find((other) => other.run === run), title = element(run)?.querySelector(".title")
    if (!row || !title || row.state === undefined || model.tree.trashed) {
      return
    }
    const input = make("input", "lx-run-rename")
    input.value = row.name
    input.maxLength = 120
    input.setAttribute("aria-label", "Name of the run")
    editing = true
    title.replaceWith(input)
    input.focus()
    input.select()
    let done = false
    const end = (keep) => {
      if (done) {
        return
      }
      done = true
      editing = false
      if (keep && input.value.trim() !== row.name) {
        send("name", {run, text: input.value})
      }
      draw()
      element(run)?.focus()
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

  grid.addEventListener("keydown", (event) => {
    const shown = visible(), here = shown.findIndex((row) => row.run === at), row = shown[here]
    if (!row) {
      return
    }
    const to = {ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: shown.length - 1}[event.key]
    const above = shown.slice(0, here).reverse().find((other) => other.depth < row.depth)
    if (to !== undefined) {
      go(shown[Math.max(0, Math.min(to, shown.length - 1))].run)
    } else if (event.key === "ArrowRight" && row.children) {
      folded.has(row.run) ? fold(row.run, false) : go(shown[here + 1].run)
    } else if (event.key === "ArrowLeft" && row.children && !folded.has(row.run)) {
      fold(row.run, true)
    } else if (event.key === "ArrowLeft" && above) {
      go(above.run)
    } else if (event.key === "Enter" && !model.tree.trashed) {
      send("open", {run: row.run})
    } else if (event.key === "F2") {
      rename(row.run)
    } else if (event.key === "Delete" && !model.tree.trashed) {
      send("delete", {run: row.run})
    } else if (event.key !== " ") {
      return
    }
    event.preventDefault()
    event.stopPropagation()
  })

  // -- the chosen run ----------------------------------------------------------------------------------

  function facts(run) {
    const list = make("dl", "facts")
    for (const [name, value] of run.facts) {
      list.append(make("dt", "", name), make("dd", "", value))
    }
    list.append(make("dt", "", "Begun"), make("dd", "", new Date(run.when * 1000).toLocaleString("en-GB", {dateStyle: "medium", timeStyle: "short"})))
    return list
  }

  function number(handle, label, value, least, most) {
    const field = make("label", "field", label), input = make("input", handle)
    Object.assign(input, {type: "number", value, min: least, max: most, step: 1})
    field.append(input)
    return [field, input]
  }

  function actions(run) {
    const made = make("div", "actions")
    if (run.trashed) {
      button("Restore", "strong lx-run-restore", "Bring this run back.", () => send("restore", {run: run.run}), made)
      return made
    }
    const first = make("div", "line"), second = make("div", "line"), third = make("div", "line")
    const [field, input] = number("lx-run-epoch", "Epoch", run.last, 0, run.last)
    const epoch = () => Math.max(0, Math.min(run.last, Math.round(Number(input.value) || 0)))
    const at = (kind) => () => send(kind, {run: run.run, epoch: input.value === "" ? run.last : epoch()})
    field.title = "Which of its epochs; 0 is where it started."
    first.append(field)
    button("Open", "strong lx-run-open", "Put this epoch on the map (Enter).", at("open"), first)
    button("Branch", "lx-run-branch", "Put this epoch on the map and train from there: a new run below this one.", at("branch"), first)
    const [count, more] = number("lx-run-more", "", 20, 1, 100_000)
    button("Go on", "lx-run-go-on", run.resumable ? `Train it on to epoch ${run.planned}, with the same state of the optimizer.` : "It has all of its epochs, or is being trained.",
      () => send("go_on", {run: run.run}), second, !run.resumable)
    const longer = button("Train", "lx-run-longer", "Train it on by so many epochs, with the same state of the optimizer.",
      () => send("go_on", {run: run.run, more: Math.max(1, Math.round(Number(more.value) || 20))}), second, run.running)
    second.append(count, make("span", "", "more epochs"))
    more.setAttribute("aria-label", "More epochs")
    count.title = longer.title
    const other = run.marked || "the map"
    button(`Compare with ${other}`, "lx-run-compare", `Show this epoch beside ${other}.`, at("compare"), third)
    button("Mark", "lx-run-mark", "Compare the next one with this epoch.", at("mark"), third)
    if (run.marked) {
      button("Unmark", "lx-run-unmark", "Compare with what is on the map again.", () => send("unmark"), third)
    }
    button("Export", "lx-run-export", "Download this run, with all its epochs, as one file.", () => send("export", {run: run.run}), third)
    button("Delete", "lx-run-delete", "Delete this run (Delete); it can be restored.", () => send("delete", {run: run.run}), third, run.running)
    made.append(first, second, third)
    return made
  }

  let drawn = null
  function detail() {
    const run = model.detail, focus = el.getRootNode().activeElement
    grid.querySelectorAll(".row").forEach((row) => row.setAttribute("aria-selected", row.dataset.run === run.run))
    root.classList.toggle("chosen", Boolean(run.run))
    if (!run.run) {
      drawn = null
      side.replaceChildren(make("p", "empty", (model.tree.rows ?? []).length ? "Choose a run to see its figures, and what can be done with it." : ""))
      return
    }
    // What is half typed there stays while the run goes on.
    const handle = side.contains(focus) ? focus.className : null
    const same = drawn?.run === run.run
    const typed = Object.fromEntries([...side.querySelectorAll("input")].map((input) => [input.className, input.value]))
    const epoch = same && Number(typed["lx-run-epoch"]) !== drawn.last ? typed["lx-run-epoch"] : run.last
    const title = make("div", "heading")
    title.append(make("h3", "", run.name))
    if (!run.trashed) {
      button("Rename", "quiet lx-run-name", "Give it another name (F2).", () => rename(run.run), title)
    }
    const note = make("input", "lx-run-note")
    Object.assign(note, {value: same && handle?.includes("lx-run-note") ? typed["lx-run-note"] : run.note, placeholder: "Note", maxLength: 2000, disabled: run.trashed})
    note.setAttribute("aria-label", "Note")
    note.title = "What is worth knowing of this run; kept when you leave the field."
    note.addEventListener("change", () => send("note", {run: run.run, text: note.value}))
    side.replaceChildren(title, actions(run), note, facts(run))
    const number = side.querySelector(".lx-run-epoch"), more = side.querySelector(".lx-run-more")
    if (number) {
      number.value = epoch
      more.value = same ? typed["lx-run-more"] || 20 : 20
    }
    drawn = run
    if (handle) {
      [...side.querySelectorAll("button, input")].find((other) => other.className === handle)?.focus()
    }
  }

  function download() {
    if (!model.parcel.byteLength) {
      return
    }
    const [head, bytes] = unpack(model.parcel)
    const link = make("a")
    link.href = URL.createObjectURL(new Blob([bytes], {type: "application/zip"}))
    link.download = head.name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
    send("sent")
  }

  model.on("tree", draw)
  model.on("detail", detail)
  model.on("parcel", download)
  draw()
  detail()
  // Only while somebody looks at it.
  const timer = setInterval(() => {
    if (!el.isConnected) {
      clearInterval(timer)
    } else if (!document.hidden && el.getClientRects().length) {
      send("look")
    }
  }, LOOK)
  model.on("remove", () => clearInterval(timer))
}

const SIGNS = {running: "▶", interrupted: "⚠", done: "✓", stopped: "■", failed: "✕"}

function date(seconds) {
  const then = new Date(seconds * 1000), today = new Date().toDateString() === then.toDateString()
  return then.toLocaleString("en-GB", today ? {hour: "2-digit", minute: "2-digit"} : {day: "numeric", month: "short", hour: "2-digit", minute: "2-digit"})
}

// -- what stands above the rows: search, the deleted ones, import, and what there is to answer -----------

function toolbar(model, send) {
  const bar = make("div", "bar"), tools = make("div", "tools"), answers = make("div", "answers")
  const search = make("input", "lx-runs-search")
  Object.assign(search, {type: "search", placeholder: "Search name, note, data, model", title: "Words that all have to occur in a run's name, note, id, data or model."})
  search.setAttribute("aria-label", "Search the runs")
  let waiting = 0
  search.addEventListener("input", () => {
    clearTimeout(waiting)
    waiting = setTimeout(() => send("search", {text: search.value}), 150)
  })
  search.addEventListener("keydown", (event) => event.stopPropagation())
  const status = make("span", "status lx-runs-status")
  status.setAttribute("role", "status")
  const press = (text, handle, help, action, parent) => {
    const made = make("button", handle, text)
    made.type = "button"
    made.title = help
    made.addEventListener("click", action)
    parent.append(made)
    return made
  }
  tools.append(search)
  const deleted = press("Deleted", "lx-runs-deleted", "Show the runs that were deleted, to restore them, or delete them for good.",
    () => send("trashed", {on: !model.tree.trashed}), tools)
  const file = make("input")
  Object.assign(file, {type: "file", accept: ".zip", hidden: true})
  file.className = "lx-runs-file"
  file.addEventListener("change", async () => {
    const chosen = file.files[0]
    file.value = ""
    if (!chosen) {
      return
    }
    status.textContent = `Reading ${chosen.name} …`
    for (let at = 0; at < Math.max(1, chosen.size); at += PIECE) {
      const bytes = await chosen.slice(at, at + PIECE).arrayBuffer()
      send("import", {name: chosen.name, size: chosen.size, at, bytes})
      if (chosen.size > 100_000_000) {
        break   // the server says what to do instead
      }
    }
  })
  const take = press("Import", "lx-runs-import", "Take a run out of a file that an export wrote.", () => file.click(), tools)
  tools.append(file, status)
  bar.append(tools, answers)
  let sure = false

  function tell(tree) {
    const {kept = 0, deleted: gone = 0, found = 0, trashed, offers = [], undo, status: what} = tree
    deleted.setAttribute("aria-pressed", Boolean(trashed))
    deleted.textContent = gone ? `Deleted (${gone})` : "Deleted"
    deleted.disabled = !gone && !trashed
    take.disabled = Boolean(trashed)
    if (search.value !== tree.search && search.getRootNode().activeElement !== search) {
      search.value = tree.search ?? ""
    }
    status.textContent = what || (trashed ? `${gone} deleted` : found < kept ? `${found} of ${kept} runs` : `${kept} ${kept === 1 ? "run" : "runs"}`)
    answers.replaceChildren()
    for (const {run, text} of trashed ? [] : offers) {
      const line = make("p", "offer lx-runs-offer")
      line.append(make("span", "", `⚠ ${text}`))
      press("Go on", "lx-runs-go-on", "Train it on, with the same state of the optimizer.", () => send("go_on", {run}), line)
      answers.append(line)
    }
    if (offers.length && !trashed) {
      press("Not now", "lx-runs-decline", "Say no more of it in this session.", () => send("decline"), answers.lastChild)
    }
    if (undo) {
      const line = make("p", "offer")
      line.append(make("span", "", `“${undo}” was deleted.`))
      press("Undo", "lx-runs-undo", "Bring it back.", () => send("undo"), line)
      answers.append(line)
    }
    if (trashed && gone) {
      const line = make("p", "offer")
      line.append(make("span", "", sure ? `${gone === 1 ? "This run is" : `These ${gone} runs are`} gone for good then.` : "Deleted runs still take room."))
      press(sure ? "Yes, delete for good" : "Delete all for good", "lx-runs-sweep", "Remove every deleted run from the disk.", () => {
        sure ? send("sweep") : undefined
        sure = !sure
        tell(model.tree)
      }, line)
      answers.append(line)
    } else {
      sure = false
    }
  }
  return {bar, tell}
}

