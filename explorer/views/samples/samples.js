// The tab Samples: what is listed, what it is sorted by, and the grid.

import {make, makeButton, setAttributes} from "../components/dom.js"
import {SampleGrid} from "./sample_grid.js"

const POINT = "Point at a sample to see its reconstruction; press it to mark it on the map."
const REMOVE = " Delete takes the sample with the keyboard out of the selection."

export function render({model, el}) {
  const samples = new Samples(model)
  el.append(samples.root)
  model.on(["listed", "drawing"], () => samples.show())
  model.on(["orders", "order", "descending"], () => samples.showOrder())
  model.on(["note"], () => samples.showNote())
  model.on("sheet", () => samples.grid.takeSheet())
  model.on("reconstruction", () => samples.grid.takeReconstruction())
  model.on("picked", () => samples.grid.showPicked())
  model.on("remove", () => samples.grid.close())
  samples.showOrder()
  samples.show()
}

class Samples {
  constructor(model) {
    this.model = model
    this.sentence = make("b", "lx-samples-count")
    this.note = make("span", "note")
    this.counts = make("div", "counts")
    setAttributes(this.counts, {role: "group", "aria-label": "Samples of each class", tabindex: 0})
    this.orders = make("select", "lx-samples-order")
    this.orders.addEventListener("change", () => this.sort(this.orders.value, model.descending))
    const label = make("label", "order", "Sort by ")
    label.append(this.orders)
    this.direction = makeButton("direction lx-samples-direction", "", "", () =>
      this.sort(model.order, !model.descending),
    )
    this.larger = makeButton(
      "lx-samples-size",
      "Larger",
      "Show the samples larger, or smaller again.",
      () => {
        this.grid.large = !this.grid.large
        this.larger.textContent = this.grid.large ? "Smaller" : "Larger"
        this.grid.layOut()
      },
    )
    this.detail = make("p", "detail")
    this.grid = new SampleGrid(model, (text) => this.tell(text))
    const head = make("div", "head")
    head.append(this.sentence, label, this.direction, this.larger, this.note)
    this.root = make("div", "samples")
    this.root.append(head, this.counts, this.grid.root, this.detail)
    this.tell("")
  }

  sort(order, descending) {
    this.model.send_msg({kind: "sort", order, descending})
  }

  tell(text) {
    this.detail.textContent = text || POINT + (this.model.listed.selected ? REMOVE : "")
  }

  show() {
    const {listed, drawing} = this.model
    this.sentence.textContent = listed.sentence ?? "The samples are listed as soon as there is a map …"
    this.counts.replaceChildren(
      ...(listed.counts ?? []).map(([name, n, of]) => {
        const item = make("span", "", `${n.toLocaleString("en")} of ${of.toLocaleString("en")}`)
        item.prepend(make("b", "", name))
        return item
      }),
    )
    this.larger.hidden = drawing.kind !== "image"
    this.tell("")
    this.grid.show()
  }

  showOrder() {
    const {orders, order, descending} = this.model
    this.orders.replaceChildren(...orders.map((name) => new Option(name, name)))
    this.orders.value = order
    this.direction.textContent = descending ? "↓ largest first" : "↑ smallest first"
    this.direction.title = descending ? "Show the smallest first." : "Show the largest first."
  }

  showNote() {
    this.note.textContent = this.model.note
  }
}
