// The runs before the device, the one that trains first. Those of this page can be moved among themselves and
// cancelled; of the others it is only told that they are there.

export function render({model, el}) {
  const root = document.createElement("div")
  root.className = "queue lx-queue"
  const title = document.createElement("p")
  title.id = "title"
  title.textContent = "The queue"
  const list = document.createElement("ol")
  list.setAttribute("aria-labelledby", "title")
  root.append(title, list)
  el.append(root)

  const button = (handle, text, label, message, enabled) => {
    const made = document.createElement("button")
    made.type = "button"
    made.className = handle
    made.textContent = text
    made.title = label
    made.setAttribute("aria-label", label)
    made.disabled = !enabled
    made.addEventListener("click", () => model.send_msg(message))
    return made
  }

  const show = () => {
    const at = root.getRootNode().activeElement
    const focused = at && [at.className, at.closest("li")?.dataset.token]
    const mine = model.places.filter(({own, position}) => own && position > 0)
    list.replaceChildren(...model.places.map(({token, position, name, own, whose}) => {
      const item = document.createElement("li")
      item.className = own ? "own" : "other"
      item.dataset.token = token
      const place = document.createElement("span")
      place.className = "place"
      place.textContent = position === 0 ? "trains" : `place ${position}`
      const what = document.createElement("span")
      what.className = "what"
      what.textContent = `${name} (${whose})`
      item.append(place, what)
      if (own && position > 0) {
        const index = mine.findIndex((other) => other.token === token)
        const buttons = document.createElement("span")
        buttons.className = "buttons"
        if (mine.length > 1) {
          buttons.append(
            button("lx-queue-up", "↑", `Train ${name}, place ${position}, before your run before it`, {kind: "move", token, places: -1}, index > 0),
            button("lx-queue-down", "↓", `Train ${name}, place ${position}, after your run behind it`, {kind: "move", token, places: 1}, index < mine.length - 1))
        }
        buttons.append(button("lx-queue-cancel", "×", `Cancel ${name}, place ${position}`, {kind: "cancel", token}, true))
        item.append(buttons)
      }
      return item
    }))
    if (focused && focused[1]) {   // a keyboard stays on the run that it moves
      const item = list.querySelector(`li[data-token="${focused[1]}"]`)
      const same = item?.querySelector(`.${focused[0]}:enabled`) ?? item?.querySelector("button:enabled")
      same?.focus()
    }
  }
  model.on("places", show)
  show()
}
