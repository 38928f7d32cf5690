// The menu for rare needs: the matching of epochs, and the film.

import {download, make, makeButton, setAttributes} from "../components/dom.js"
import {percent} from "../components/numbers.js"

const DOWNLOAD = 60_000 // ms for which the address of a film lives

export const options = (list, chosen) =>
  list.map(([value, text]) => {
    const option = make("option", "", text)
    option.value = value
    option.selected = String(value) === String(chosen)
    return option
  })

const numbers = (values) => values.map((value) => [value, String(value)])

function select(name, help, list, chosen) {
  const made = make("select", `lx-film-${name}`)
  made.append(...options(list, chosen))
  return setAttributes(made, {title: help, "aria-label": help})
}

const wide = (className, ...children) => {
  const made = make("div", className)
  made.append(...children)
  return made
}

export function filmMenu(model) {
  const menu = new FilmMenu(model)
  model.on(["filming", "aligned"], () => menu.show())
  model.on("film", () => menu.save())
  menu.show()
  return menu.details
}

class FilmMenu {
  constructor(model) {
    this.model = model
    this.making = false
    const sizes = Object.entries(model.sizes).map(([name, [w, h]]) => [name, `${w} × ${h}`])
    const types = [
      ["gif", "GIF"],
      ["mp4", "MP4"],
    ]
    this.kind = select("kind", "File type of the film", types, "gif")
    this.size = select("size", "Size of the film in pixels", sizes, "medium")
    this.fps = select("fps", "Frames per second of the film", numbers([5, 10, 20, 25, 50]), 20)
    this.speed = select("speed", "Epochs per second of the film", numbers([1, 2, 4, 5]), 4)
    this.aligned = make("input", "lx-aligned")
    this.aligned.type = "checkbox"
    this.aligned.addEventListener("change", () => {
      model.send_msg({kind: "aligned", value: this.aligned.checked})
    })
    const film = "Film the epochs as the map shows them, and download the film"
    this.start = makeButton("lx-film", "Make the film", film, () => this.film())
    const cancel = () => model.send_msg({kind: "cancel"})
    this.cancel = makeButton("lx-film-cancel", "Cancel", "Give the film up", cancel)
    this.bar = setAttributes(make("progress", "lx-film-progress"), {
      max: 1,
      "aria-label": "Progress of the film",
    })
    this.status = make("p", "wide lx-film-status")
    this.status.setAttribute("role", "status")
    this.menu = this.rows()
    this.details = this.disclosure()
  }

  rows() {
    const label = make("label", "wide")
    label.title = this.model.aligned_help
    label.append(this.aligned, "Match each epoch to the newest")
    const menu = make("div", "menu")
    menu.append(label)
    for (const [text, field] of [
      ["File", this.kind],
      ["Size", this.size],
      ["Frames per second", this.fps],
      ["Epochs per second", this.speed],
    ]) {
      menu.append(make("span", "", text), field)
    }
    menu.append(wide("wide buttons", this.start, this.cancel), wide("wide", this.bar), this.status)
    return menu
  }

  disclosure() {
    const details = make("details")
    const summary = make("summary", "lx-export", "Export")
    setAttributes(summary, {
      title: "How epochs are matched, and a film of them",
      "aria-label": "Export a film",
    })
    details.append(summary, this.menu)
    details.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && details.open) {
        details.open = false
        summary.focus()
      }
    })
    details.addEventListener("toggle", () => this.takeGround())
    return details
  }

  // The menu lies over the page, and takes its background.
  takeGround() {
    for (let node = this.details; node; node = node.parentNode || node.host) {
      const ground = node instanceof Element ? getComputedStyle(node).backgroundColor : "rgba(0, 0, 0, 0)"
      if (!/rgba\(.*, 0\)|transparent/.test(ground)) {
        this.menu.style.setProperty("--lx-ground", ground)
        break
      }
    }
  }

  film() {
    const [fps, speed] = [Number(this.fps.value), Number(this.speed.value)]
    this.model.send_msg({kind: "film", type: this.kind.value, size: this.size.value, fps, speed})
  }

  show() {
    const {filming, aligned, film_name: name} = this.model
    const busy = filming >= 0
    this.start.disabled = busy
    this.cancel.disabled = !busy
    this.bar.hidden = !busy
    this.bar.value = Math.max(0, filming)
    this.aligned.checked = aligned
    if (busy) {
      this.making = true
      this.status.textContent = `Filming, ${percent(filming)}`
    } else if (this.making && name === "") {
      this.making = false
      this.status.textContent = "No film was made."
    }
  }

  save() {
    const {film, film_name: name} = this.model
    if (film.byteLength === 0) {
      return
    }
    this.making = false
    download(film, name.endsWith(".gif") ? "image/gif" : "video/mp4", name, DOWNLOAD)
    this.status.textContent = `${name}, ${(film.byteLength / 1e6).toFixed(2)} MB`
  }
}
