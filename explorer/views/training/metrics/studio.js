// The Train tab: a row of buttons chooses the charts, a sentence says what is to be seen in them, and beside them
// stands what happened.

import {make, makeButton, setAttributes} from "../../components/dom.js"

export function render({model, el}) {
  const studio = new Studio(model)
  el.append(studio.root)
  model.on("chosen", () => studio.showCharts())
  model.on(["note", "pace"], () => studio.showNote())
  model.on(["happened", "token"], () => studio.showEvents())
  model.on("table", () => studio.showTable())
  model.on(["key", "colours"], () => studio.showKey())
  model.on("empty", () => studio.showEmpty())
  model.on(["others", "beside"], () => studio.showOthers())
  studio.showCharts()
  studio.showNote()
  studio.showEvents()
  studio.showTable()
  studio.showKey()
  studio.showEmpty()
  studio.showOthers()
}

class Studio {
  constructor(model) {
    this.model = model
    this.run = null // token of the run whose events are listed
    this.pace = make("p", "pace lx-pace")
    this.note = make("p", "note lx-studio-note")
    this.figures = make("div", "figures lx-forgetting")
    this.panels = make("div", "panels")
    this.key = make("div", "key")
    this.key.setAttribute("aria-hidden", "true") // it explains colours, which a screen reader does not read
    const group = make("div", "choices")
    group.setAttribute("role", "group")
    group.setAttribute("aria-label", "Charts")
    this.charts = model.choices.map(([name, text]) => this.chart(name, text))
    group.append(...this.charts.map(({button}) => button))
    this.panels.append(...this.charts.map(({panel}) => panel))
    const head = make("div", "head")
    head.append(group, this.besideChooser(), this.key, this.pace)
    this.root = make("div", "watch")
    this.root.append(head, this.note, this.panels, this.eventList())
  }

  chart(name, text) {
    const button = make("button", `choice lx-watch-${name}`, text)
    button.type = "button"
    button.addEventListener("click", () => {
      this.model.chosen = name
    })
    const panel = make("div", `charts ${name}`)
    panel.append(this.model.get_child(name))
    if (name === "forgetting") {
      panel.append(this.figures)
    }
    return {name, button, panel}
  }

  besideChooser() {
    this.others = make("select", "lx-beside")
    this.others.addEventListener("change", () => {
      this.model.beside = this.others.value
    })
    this.besideLabel = make("label", "beside", "Beside ")
    this.besideLabel.title = "Draw the curves of another run of these data in the same charts."
    this.besideLabel.append(this.others)
    return this.besideLabel
  }

  showOthers() {
    const {others, beside} = this.model
    this.besideLabel.hidden = others.length === 0
    this.others.replaceChildren(
      new Option("no other run", ""),
      ...others.map(([id, name]) => new Option(name, id)),
    )
    this.others.value = beside
  }

  // A live region: it grows by what is new, so that only that is read out.
  eventList() {
    const title = make("h2", "", "What happened")
    title.id = "what-happened"
    this.none = make("p", "none", "Nothing out of the ordinary so far.")
    this.list = make("ol", "lx-happenings")
    const log = make("div", "log")
    setAttributes(log, {role: "log", "aria-live": "polite", "aria-labelledby": title.id, tabindex: 0})
    log.append(this.list)
    const aside = make("section", "aside")
    aside.append(title, this.none, log)
    return aside
  }

  showCharts() {
    for (const {name, button, panel} of this.charts) {
      button.setAttribute("aria-pressed", name === this.model.chosen)
      panel.hidden = name !== this.model.chosen
    }
  }

  showKey() {
    const {key, colours} = this.model
    this.key.replaceChildren(
      ...key.map(([name, colour, marker, dash]) => {
        const item = make("span")
        item.innerHTML = curveSample(colours[colour] || "currentColor", marker, dash)
        item.append(name)
        return item
      }),
    )
  }

  showEmpty() {
    this.panels.classList.toggle("empty", this.model.empty)
  }

  showNote() {
    this.note.textContent = this.model.note
    this.pace.textContent = this.model.pace
  }

  showEvents() {
    const {list, model} = this
    if (this.run !== model.token) {
      this.run = model.token
      list.replaceChildren()
    }
    for (const [sentence, remedy] of model.happened.slice(list.childElementCount)) {
      const item = make("li", "", sentence)
      const number = list.childElementCount
      if (remedy !== "") {
        item.append(makeButton("remedy lx-remedy", remedy, "", () => model.send_msg({remedy: number})))
      }
      list.append(item)
      list.scrollTop = list.scrollHeight
    }
    this.none.hidden = list.childElementCount > 0
  }

  showTable() {
    const {caption, head, rows} = this.model.table
    if (!rows) {
      this.figures.replaceChildren()
      return
    }
    const table = make("table")
    const top = make("thead")
    const titles = make("tr")
    const body = make("tbody")
    titles.append(...head.map((text) => make("th", "", text)))
    top.append(titles)
    body.append(...rows.map(tableRow))
    table.append(make("caption", "", caption), top, body)
    this.figures.replaceChildren(table)
  }
}

function tableRow([name, ...cells]) {
  const row = make("tr")
  const first = make("th", "", name)
  first.scope = "row"
  row.append(first, ...cells.map((text) => make("td", "", text)))
  return row
}

const DASHES = {
  solid: "",
  dashed: "stroke-dasharray='5 3'",
  dotted: "stroke-dasharray='1.5 3'",
}
const MARKERS = {
  circle: "<circle cx='13' cy='6' r='3.5'/>",
  square: "<rect x='9.5' y='2.5' width='7' height='7'/>",
  diamond: "<path d='M13 1.5 17 6 13 10.5 9 6Z'/>",
  "": "",
}

// A piece of a curve as it is drawn: its dash and its marker tell it from others without its colour.
function curveSample(colour, marker, dash) {
  const line = `<path d="M0 6H26" stroke="${colour}" stroke-width="2" ${DASHES[dash]}/>`
  return `<svg width="26" height="12" fill="${colour}">${line}${MARKERS[marker]}</svg>`
}
