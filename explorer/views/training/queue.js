// The runs before the device, the one that trains first. Those of this page can be moved among themselves and
// cancelled; of the others it is only told that they are there.

import {focusedBeside, make, makeButton} from "../components/dom.js"

export function render({model, el}) {
  const root = make("div", "queue lx-queue")
  const title = make("p", "", "The queue")
  title.id = "title"
  const list = make("ol")
  list.setAttribute("aria-labelledby", "title")
  root.append(title, list)
  el.append(root)

  const show = () => {
    const at = focusedBeside(root)
    const focused = at && [at.className, at.closest("li")?.dataset.token]
    const own = model.places.filter((place) => place.own && place.position > 0)
    list.replaceChildren(...model.places.map((place) => placeItem(place, own, model)))
    if (focused && focused[1]) {
      // A keyboard stays on the run that it moves.
      const item = list.querySelector(`li[data-token="${focused[1]}"]`)
      const same = item?.querySelector(`.${focused[0]}:enabled`) ?? item?.querySelector("button:enabled")
      same?.focus()
    }
  }
  model.on("places", show)
  show()
}

// `own` are the waiting runs of this page, in the order in which they will train.
function placeItem(place, own, model) {
  const item = make("li", place.own ? "own" : "other")
  item.dataset.token = place.token
  item.append(
    make("span", "place", place.position === 0 ? "trains" : `place ${place.position}`),
    make("span", "what", `${place.name} (${place.whose})`),
  )
  const index = own.indexOf(place)
  if (index >= 0) {
    item.append(placeButtons(place, index, own.length, model))
  }
  return item
}

function placeButtons({token, name, position}, index, count, model) {
  const button = (handle, text, label, message, enabled) => {
    const made = makeButton(handle, text, label, () => model.send_msg(message))
    made.setAttribute("aria-label", label)
    made.disabled = !enabled
    return made
  }
  const run = `${name}, place ${position}`
  const move = (places) => ({kind: "move", token, places})
  const up = `Train ${run}, before your run before it`
  const down = `Train ${run}, after your run behind it`
  const buttons = make("span", "buttons")
  if (count > 1) {
    buttons.append(
      button("lx-queue-up", "↑", up, move(-1), index > 0),
      button("lx-queue-down", "↓", down, move(1), index < count - 1),
    )
  }
  buttons.append(button("lx-queue-cancel", "×", `Cancel ${run}`, {kind: "cancel", token}, true))
  return buttons
}
