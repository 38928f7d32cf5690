// Undo and Redo, with what each does next as its help.

import {makeButton} from "../../components/dom.js"

const ARROWS = {
  undo: "M9 5.5L4 10.5l5 5M4.5 10.5H14a5 5 0 0 1 0 10h-4",
  redo: "M15 5.5l5 5-5 5M19.5 10.5H10a5 5 0 0 0 0 10h4",
}

export function render({model, el}) {
  const undo = arrowButton("undo", "Undo", "Ctrl+Z", model)
  const redo = arrowButton("redo", "Redo", "Ctrl+Shift+Z", model)
  el.append(undo, redo)
}

function arrowButton(kind, verb, keys, model) {
  const button = makeButton(`lx-${kind}`, undefined, "", () => {
    if (model[kind] !== "") {
      model.send_msg({kind})
    }
  })
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ARROWS[kind]}"/></svg>`
  button.setAttribute("aria-keyshortcuts", keys.replace("Ctrl", "Control"))
  const show = () => {
    const what = model[kind]
    const help = what === "" ? `Nothing to ${kind}` : `${verb} ${what} (${keys})`
    button.title = help
    button.setAttribute("aria-label", help)
    button.setAttribute("aria-disabled", what === "") // it keeps the keyboard when it has nothing left to do
  }
  model.on(kind, show)
  show()
  return button
}
