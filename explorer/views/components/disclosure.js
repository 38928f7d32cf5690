// The browser's own disclosure: it has the keyboard, a role and a state from the start.

import {make} from "./dom.js"

export function render({model, el}) {
  const details = make("details")
  const summary = make("summary", "", model.title)
  const body = make("div", "body")
  body.append(model.get_child("content"))
  details.append(summary, body)
  details.open = model.open
  details.addEventListener("toggle", () => {
    if (model.open !== details.open) {
      model.open = details.open
    }
  })
  model.on("open", () => {
    details.open = model.open
  })
  el.append(details)
}
