// The tools above the rows: search, the deleted runs, import, and questions with the buttons that answer them.

import {focusedBeside, make, makeButton} from "../components/dom.js"

const PIECE = 2_000_000 // bytes of a file that are sent at once: every server takes messages of this size
const MOST_SENT = 100_000_000 // bytes of a file; of a longer one the server says what to do instead
const TYPING = 150 // ms without a key, after which a search is sent

export class RunToolbar {
  constructor(model, send) {
    this.model = model
    this.send = send
    this.sure = false // whether deleting for good was pressed once
    this.search = this.searchField()
    this.status = make("span", "status lx-runs-status")
    this.status.setAttribute("role", "status")
    this.deleted = makeButton(
      "lx-runs-deleted",
      "Deleted",
      "Show the runs that were deleted, to restore them, or delete them for good.",
      () => send("trashed", {on: !model.tree.trashed}),
    )
    const file = this.fileField()
    const take = "Take a run out of a file that an export wrote."
    this.take = makeButton("lx-runs-import", "Import", take, () => file.click())
    this.answers = make("div", "answers")
    const tools = make("div", "tools")
    tools.append(this.search, this.deleted, this.take, file, this.status)
    this.root = make("div", "bar")
    this.root.append(tools, this.answers)
  }

  searchField() {
    const search = make("input", "lx-runs-search")
    Object.assign(search, {
      type: "search",
      placeholder: "Search name, note, data, model",
      title: "Words that all have to occur in a run's name, note, id, data or model.",
    })
    search.setAttribute("aria-label", "Search the runs")
    let waiting = 0
    search.addEventListener("input", () => {
      clearTimeout(waiting)
      waiting = setTimeout(() => this.send("search", {text: search.value}), TYPING)
    })
    search.addEventListener("keydown", (event) => event.stopPropagation())
    return search
  }

  fileField() {
    const field = make("input", "lx-runs-file")
    Object.assign(field, {type: "file", accept: ".zip", hidden: true})
    field.addEventListener("change", () => {
      const [chosen] = field.files
      field.value = ""
      if (chosen) {
        this.sendFile(chosen)
      }
    })
    return field
  }

  async sendFile(file) {
    const {name, size} = file
    this.status.textContent = `Reading ${name} …`
    const end = size > MOST_SENT ? 1 : Math.max(1, size)
    for (let at = 0; at < end; at += PIECE) {
      const bytes = await file.slice(at, at + PIECE).arrayBuffer()
      this.send("import", {name, size, at, bytes})
    }
  }

  show(tree) {
    const {deleted = 0, trashed} = tree
    this.deleted.setAttribute("aria-pressed", Boolean(trashed))
    this.deleted.textContent = deleted ? `Deleted (${deleted})` : "Deleted"
    this.deleted.disabled = !deleted && !trashed
    this.take.disabled = Boolean(trashed)
    if (this.search.value !== tree.search && focusedBeside(this.search) !== this.search) {
      this.search.value = tree.search ?? ""
    }
    this.status.textContent = statusOf(tree)
    this.answers.replaceChildren()
    if (!trashed) {
      this.showOffers(tree.offers ?? [])
    }
    if (tree.undo) {
      const undo = makeButton("lx-runs-undo", "Undo", "Bring it back.", () => this.send("undo"))
      this.ask("offer", `“${tree.undo}” was deleted.`, undo)
    }
    if (trashed && deleted) {
      this.showSweep(deleted)
    } else {
      this.sure = false
    }
  }

  // A sentence, and the buttons that answer it.
  ask(className, sentence, ...buttons) {
    const line = make("p", className)
    line.append(make("span", "", sentence), ...buttons)
    this.answers.append(line)
    return line
  }

  showOffers(offers) {
    const help = "Train it on, with the same state of the optimizer."
    for (const {run, text} of offers) {
      const goOn = makeButton("lx-runs-go-on", "Go on", help, () => this.send("go_on", {run}))
      this.ask("offer lx-runs-offer", `⚠ ${text}`, goOn)
    }
    if (offers.length) {
      const decline = () => this.send("decline")
      const later = "Say no more of it in this session."
      this.answers.lastChild.append(makeButton("lx-runs-decline", "Not now", later, decline))
    }
  }

  showSweep(deleted) {
    const these = deleted === 1 ? "This run is" : `These ${deleted} runs are`
    const sentence = this.sure ? `${these} gone for good then.` : "Deleted runs still take room."
    const text = this.sure ? "Yes, delete for good" : "Delete all for good"
    const sweep = makeButton("lx-runs-sweep", text, "Remove every deleted run from the disk.", () => {
      if (this.sure) {
        this.send("sweep")
      }
      this.sure = !this.sure
      this.show(this.model.tree)
    })
    this.ask("offer", sentence, sweep)
  }
}

function statusOf({status, trashed, deleted = 0, found = 0, kept = 0}) {
  if (status) {
    return status
  }
  if (trashed) {
    return `${deleted} deleted`
  }
  return found < kept ? `${found} of ${kept} runs` : `${kept} ${kept === 1 ? "run" : "runs"}`
}
