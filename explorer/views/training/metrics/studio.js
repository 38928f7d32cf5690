// The Train tab: a row of buttons chooses the charts, a sentence says what is to be seen in them, and beside them
// stands what happened. Its list is a live region: it grows by what is new, so that only that is read out.

export function render({model, el}) {
  const root = make("div", "watch")
  const head = make("div", "head")
  const group = make("div", "choices")
  group.setAttribute("role", "group")
  group.setAttribute("aria-label", "Charts")
  const pace = make("p", "pace lx-pace")
  const key = make("div", "key")
  key.setAttribute("aria-hidden", "true")   // of what the charts show, which nobody sees who listens
  head.append(group, key, pace)
  const panels = make("div", "panels")
  const note = make("p", "note lx-studio-note")
  const figures = make("div", "figures lx-forgetting")
  const aside = make("section", "aside")
  const title = make("h3", "", "What happened")
  title.id = "what-happened"
  const none = make("p", "none", "Nothing out of the ordinary so far.")
  const list = make("ol", "lx-happenings")
  list.setAttribute("role", "log")
  list.setAttribute("aria-live", "polite")
  list.setAttribute("aria-labelledby", title.id)
  list.tabIndex = 0
  aside.append(title, none, list)
  root.append(head, note, panels, aside)
  el.append(root)

  const choices = model.choices.map(([name, text]) => {
    const button = make("button", `choice lx-watch-${name}`, text)
    button.type = "button"
    button.addEventListener("click", () => { model.chosen = name })
    const panel = make("div", `charts ${name}`)
    panel.append(model.get_child(name))
    if (name === "forgetting") {
      panel.append(figures)
    }
    group.append(button)
    panels.append(panel)
    return {name, button, panel}
  })

  const choose = () => {
    for (const {name, button, panel} of choices) {
      button.setAttribute("aria-pressed", name === model.chosen)
      panel.hidden = name !== model.chosen
    }
  }
  const explain = () => {
    key.replaceChildren(...model.key.map(([name, colour, marker, dash]) => {
      const item = make("span")
      item.innerHTML = sample(model.colours[colour] || "currentColor", marker, dash)
      item.append(name)
      return item
    }))
  }
  const empty = () => panels.classList.toggle("empty", model.empty)
  const say = () => {
    note.textContent = model.note
    pace.textContent = model.pace
  }
  let run = null
  const tell = () => {
    if (run !== model.token) {
      run = model.token
      list.replaceChildren()
    }
    for (const sentence of model.happened.slice(list.childElementCount)) {
      list.append(make("li", "", sentence))
      list.scrollTop = list.scrollHeight
    }
    none.hidden = list.childElementCount > 0
  }
  const tabulate = () => {
    const {caption, head, rows} = model.table
    if (!rows) {
      figures.replaceChildren()
      return
    }
    const table = make("table"), top = make("thead"), line = make("tr"), body = make("tbody")
    line.append(...head.map((text) => make("th", "", text)))
    top.append(line)
    body.append(...rows.map(([name, ...cells]) => {
      const row = make("tr"), first = make("th", "", name)
      first.scope = "row"
      row.append(first, ...cells.map((text) => make("td", "", text)))
      return row
    }))
    table.append(make("caption", "", caption), top, body)
    figures.replaceChildren(table)
  }
  model.on("chosen", choose)
  model.on(["note", "pace"], say)
  model.on(["happened", "token"], tell)
  model.on("table", tabulate)
  model.on(["key", "colours"], explain)
  model.on("empty", empty)
  choose()
  say()
  tell()
  tabulate()
  explain()
  empty()
}

// A piece of a curve as it is drawn: by its dash and its marker one knows it without its colour.
function sample(colour, marker, dash) {
  const dashes = {solid: "", dashed: "stroke-dasharray='5 3'", dotted: "stroke-dasharray='1.5 3'"}[dash]
  const shape = {circle: "<circle cx='13' cy='6' r='3.5'/>", square: "<rect x='9.5' y='2.5' width='7' height='7'/>", diamond: "<path d='M13 1.5 17 6 13 10.5 9 6Z'/>", "": ""}[marker]
  return `<svg width="26" height="12" fill="${colour}"><path d="M0 6H26" stroke="${colour}" stroke-width="2" ${dashes}/>${shape}</svg>`
}
