// The field for an expression: what the server says of it stands below, and suggestions come while one types.
//
// It follows the pattern of a combobox: arrows choose an option, Enter or Tab takes it, Escape closes the list. Without a
// chosen option Enter selects the samples.

import {make, setAttributes} from "../../components/dom.js"

// The text after a suggestion has taken its place, and the caret behind it. Places count characters, as in Python.
export function completed(text, {text: inserted, start, end}) {
  const characters = [...text]
  const before = characters.slice(0, start).join("") + inserted
  return {text: before + characters.slice(end).join(""), caret: before.length}
}

const RECENT = "used before"

class Field {
  constructor(model) {
    this.model = model
    this.typed = 0 // the number of the text, which an answer repeats
    this.open = false
    this.options = []
    this.chosen = -1
    this.root = make("div", "field")
    this.input = setAttributes(make("input"), {
      type: "text",
      role: "combobox",
      "aria-label": "Select where",
      "aria-autocomplete": "list",
      "aria-expanded": false,
      "aria-controls": "options",
      "aria-describedby": "said",
      autocomplete: "off",
      spellcheck: false,
      placeholder: 'e.g. label == "3" and error > 90',
    })
    this.list = setAttributes(make("ul", "lx-suggestions"), {
      id: "options",
      role: "listbox",
      popover: "manual",
    })
    this.said = setAttributes(make("p", "lx-expression-message"), {id: "said", role: "status"})
    const label = make("label")
    label.append(make("span", "", "Select where"), this.input)
    this.root.append(label, this.list, this.said)
    this.input.addEventListener("input", () => this.ask())
    this.input.addEventListener("focus", () => this.ask())
    this.input.addEventListener("blur", () => this.close())
    this.input.addEventListener("keydown", (event) => this.key(event))
    // A press on an option must not take the keyboard from the field.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault())
  }

  ask() {
    this.open = true
    this.typed += 1
    const {value, selectionStart} = this.input
    const caret = Array.from(value.slice(0, selectionStart)).length
    this.model.send_msg({kind: "typed", text: value, caret, typed: this.typed})
  }

  show() {
    const {answer, recent} = this.model
    this.said.textContent = answer.message ?? ""
    this.said.classList.toggle("refused", Boolean(answer.refused))
    const current = this.open && answer.typed === this.typed
    const again = this.input.value ? [] : recent.map((text) => ({text, help: RECENT, start: 0, end: 0}))
    this.offer(current ? [...again, ...(answer.suggestions ?? [])] : [])
  }

  offer(options) {
    this.options = options
    this.chosen = -1
    const rows = options.map(({text, help}, index) => {
      const about = {id: `option-${index}`, role: "option", "aria-selected": false, title: help}
      const row = setAttributes(make("li"), about)
      row.append(make("span", "text", text), make("span", "help", help))
      row.addEventListener("click", () => this.take(index))
      return row
    })
    this.list.replaceChildren(...rows)
    const shown = rows.length > 0
    this.input.setAttribute("aria-expanded", shown)
    this.input.removeAttribute("aria-activedescendant")
    // In the top layer: the sidebar, which scrolls, would cut it off.
    if (shown !== this.list.matches(":popover-open")) {
      this.list.togglePopover(shown)
    }
    if (shown) {
      const box = this.input.getBoundingClientRect()
      this.list.style.left = `${box.left}px`
      this.list.style.width = `${box.width}px`
      const room = window.innerHeight - box.bottom
      const above = room < this.list.offsetHeight + 8 && box.top > room
      this.list.style.top = `${above ? box.top - this.list.offsetHeight - 2 : box.bottom + 2}px`
    }
  }

  close() {
    this.open = false
    this.offer([])
  }

  choose(index) {
    const {children} = this.list
    children[this.chosen]?.setAttribute("aria-selected", false)
    this.chosen = (index + this.options.length) % this.options.length
    children[this.chosen].setAttribute("aria-selected", true)
    children[this.chosen].scrollIntoView({block: "nearest"})
    this.input.setAttribute("aria-activedescendant", `option-${this.chosen}`)
  }

  take(index) {
    const {text, caret} = completed(this.input.value, this.options[index])
    this.input.value = text
    this.input.setSelectionRange(caret, caret)
    this.ask()
  }

  key(event) {
    const offered = this.options.length > 0
    if (offered && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault()
      const first = event.key === "ArrowDown" ? 0 : -1
      this.choose(this.chosen < 0 ? first : this.chosen + (event.key === "ArrowDown" ? 1 : -1))
    } else if (this.chosen >= 0 && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault()
      this.take(this.chosen)
    } else if (event.key === "Enter") {
      this.close()
      this.model.send_msg({kind: "select", text: this.input.value})
    } else if (event.key === "Escape" && offered) {
      event.preventDefault()
      event.stopPropagation()
      this.close()
    }
  }
}

export function render({model, el}) {
  const field = new Field(model)
  el.append(field.root)
  model.on(["answer", "recent"], () => field.show())
  field.show()
}
