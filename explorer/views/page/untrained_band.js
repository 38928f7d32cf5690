// The band on the map of a model that nothing has trained: what is seen there means nothing yet, and what to do.

import {make, makeButton} from "../components/dom.js"

export class UntrainedBand {
  constructor(model) {
    this.model = model
    this.root = make("div", "untrained")
    this.root.setAttribute("role", "status")
    const train = makeButton("lx-untrained-train", "Train", "Train the model on all training samples.", () =>
      model.send_msg({kind: "train"}),
    )
    this.plan = make("span", "plan")
    this.open = makeButton("lx-untrained-open", "Open a run", "Choose one of the runs that are kept.", () => {
      model.tab = "history"
      model.open = true
    })
    this.root.append(make("b", "", "Random weights: nothing learnt yet."), train, this.plan, this.open)
  }

  show() {
    const {plan, runs} = this.model.untrained
    this.root.classList.toggle("lx-untrained", plan !== undefined)
    this.root.hidden = plan === undefined
    this.plan.textContent = plan ?? ""
    this.open.hidden = !runs
  }
}
