// The chosen run: what can be done with it, its note, its figures.

import {focusedBeside, make, makeButton} from "../components/dom.js"

const CHOOSE = "Choose a run to see its figures, and what can be done with it."
const MORE_EPOCHS = 20

export class RunDetails {
  // `rename(run)` lets one type another name.
  constructor(model, send, rename) {
    this.model = model
    this.send = send
    this.rename = rename
    this.root = make("section", "side lx-run")
    this.root.setAttribute("aria-label", "The chosen run")
    this.drawn = null
  }

  show() {
    const {root, model} = this
    const run = model.detail
    if (!run.run) {
      this.drawn = null
      root.replaceChildren(make("p", "empty", (model.tree.rows ?? []).length ? CHOOSE : ""))
      return
    }
    // Text that is half typed stays while the run goes on.
    const focused = focusedBeside(root)
    const handle = root.contains(focused) ? focused.className : null
    const typed = this.drawn?.run === run.run ? this.typed() : {}
    const note = this.note(run, handle?.includes("lx-run-note") ? typed["lx-run-note"] : undefined)
    root.replaceChildren(this.heading(run), this.actions(run), note, facts(run))
    const epoch = root.querySelector(".lx-run-epoch")
    if (epoch) {
      const changed = typed["lx-run-epoch"]
      epoch.value = changed !== undefined && Number(changed) !== this.drawn.last ? changed : run.last
      root.querySelector(".lx-run-more").value = typed["lx-run-more"] || MORE_EPOCHS
    }
    this.drawn = run
    if (handle) {
      this.inputs("button, input")
        .find((other) => other.className === handle)
        ?.focus()
    }
  }

  inputs(selector) {
    return [...this.root.querySelectorAll(selector)]
  }

  // The values of the fields, by their handles.
  typed() {
    return Object.fromEntries(this.inputs("input").map((input) => [input.className, input.value]))
  }

  heading(run) {
    const heading = make("div", "heading")
    heading.append(make("h2", "", run.name))
    if (!run.trashed) {
      const rename = () => this.rename(run.run)
      heading.append(makeButton("quiet lx-run-name", "Rename", "Give it another name (F2).", rename))
    }
    return heading
  }

  note(run, typed) {
    const note = make("input", "lx-run-note")
    const value = typed ?? run.note
    Object.assign(note, {value, placeholder: "Note", maxLength: 2000, disabled: run.trashed})
    note.setAttribute("aria-label", "Note")
    note.title = "What is worth knowing of this run; kept when you leave the field."
    note.addEventListener("change", () => this.send("note", {run: run.run, text: note.value}))
    return note
  }

  actions(run) {
    const actions = make("div", "actions")
    if (run.trashed) {
      const restore = () => this.send("restore", {run: run.run})
      actions.append(makeButton("strong lx-run-restore", "Restore", "Bring this run back.", restore))
      return actions
    }
    const [field, input] = numberField("lx-run-epoch", "Epoch", run.last, 0, run.last)
    field.title = "Which of its epochs; 0 is where it started."
    const sendEpoch = (kind) => () => this.send(kind, {run: run.run, epoch: epochOf(input, run)})
    actions.append(openLine(field, sendEpoch), this.trainLine(run), this.otherLine(run, sendEpoch))
    return actions
  }

  trainLine(run) {
    const [count, more] = numberField("lx-run-more", "", MORE_EPOCHS, 1, 100_000)
    const onward = run.resumable
      ? `Train it on to epoch ${run.planned}, with the same state of the optimizer.`
      : "It has all of its epochs, or is being trained."
    const goOn = makeButton("lx-run-go-on", "Go on", onward, () => this.send("go_on", {run: run.run}))
    goOn.disabled = !run.resumable
    const help = "Train it on by so many epochs, with the same state of the optimizer."
    const longer = makeButton("lx-run-longer", "Train", help, () => {
      this.send("go_on", {run: run.run, more: Math.max(1, Math.round(Number(more.value) || MORE_EPOCHS))})
    })
    longer.disabled = run.running
    more.setAttribute("aria-label", "More epochs")
    count.title = help
    const line = make("div", "line")
    line.append(goOn, longer, count, make("span", "", "more epochs"))
    return line
  }

  otherLine(run, sendEpoch) {
    const send = (kind) => () => this.send(kind, {run: run.run})
    const other = run.marked || "the map"
    const line = make("div", "line")
    line.append(
      makeButton(
        "lx-run-compare",
        `Compare with ${other}`,
        `Show this epoch beside ${other}.`,
        sendEpoch("compare"),
      ),
      makeButton("lx-run-mark", "Mark", "Compare the next one with this epoch.", sendEpoch("mark")),
    )
    if (run.marked) {
      const help = "Compare with what is on the map again."
      line.append(makeButton("lx-run-unmark", "Unmark", help, () => this.send("unmark")))
    }
    const whole = "Download this run, with all its epochs, as one file."
    line.append(makeButton("lx-run-export", "Export", whole, send("export")))
    const help = "Delete this run (Delete); it can be restored."
    const remove = makeButton("lx-run-delete", "Delete", help, send("delete"))
    remove.disabled = run.running
    line.append(remove)
    return line
  }
}

function openLine(field, sendEpoch) {
  const line = make("div", "line")
  line.append(
    field,
    makeButton("strong lx-run-open", "Open", "Put this epoch on the map (Enter).", sendEpoch("open")),
    makeButton(
      "lx-run-branch",
      "Branch",
      "Put this epoch on the map and train from there: a new run below this one.",
      sendEpoch("branch"),
    ),
  )
  return line
}

function numberField(handle, label, value, min, max) {
  const field = make("label", "field", label)
  const input = make("input", handle)
  Object.assign(input, {type: "number", value, min, max, step: 1})
  field.append(input)
  return [field, input]
}

// The epoch in the field; the last one where the field is empty.
function epochOf(input, run) {
  const typed = Math.max(0, Math.min(run.last, Math.round(Number(input.value) || 0)))
  return input.value === "" ? run.last : typed
}

function facts(run) {
  const list = make("dl", "facts")
  const begun = new Date(run.when * 1000).toLocaleString("en-GB", {dateStyle: "medium", timeStyle: "short"})
  for (const [name, value] of [...run.facts, ["Begun", begun]]) {
    list.append(make("dt", "", name), make("dd", "", value))
  }
  return list
}
