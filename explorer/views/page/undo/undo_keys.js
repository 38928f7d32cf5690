// Ctrl+Z takes the newest change back, Ctrl+Shift+Z and Ctrl+Y make it again; what was done is said for a while.

import {make} from "../../components/dom.js"

const TYPED_IN = new Set(["text", "search", "number", "password", "email", "url", "tel"])

// A field that one types in has an undo of its own.
export function isTypedIn(element) {
  if (element instanceof HTMLTextAreaElement || element.isContentEditable) {
    return true
  }
  return element instanceof HTMLInputElement && TYPED_IN.has(element.type)
}

// What a key means here: "undo", "redo" or nothing.
export function meaning({key, ctrlKey, metaKey, altKey, shiftKey}) {
  if (altKey || ctrlKey === metaKey) {
    return undefined
  }
  const letter = key.toLowerCase()
  if (letter === "z") {
    return shiftKey ? "redo" : "undo"
  }
  return letter === "y" && !shiftKey ? "redo" : undefined
}

// In a page of its own the keys hold everywhere; in a notebook only within the app.
export function followUndoKeys(model, el, ownPage) {
  const onKey = (event) => {
    const kind = meaning(event)
    const path = event.composedPath()
    if (kind === undefined || isTypedIn(path[0]) || !(ownPage || path.includes(el))) {
      return
    }
    event.preventDefault()
    model.send_msg({kind})
  }
  document.addEventListener("keydown", onKey)
  model.on("remove", () => document.removeEventListener("keydown", onKey))
}

// Says what was undone. The words leave by themselves, and take no press meanwhile.
export class Notice {
  constructor(model) {
    this.model = model
    this.root = make("div", "notice lx-notice")
    this.root.setAttribute("role", "status")
  }

  show() {
    const {text} = this.model.notice
    if (text) {
      const words = make("span", "", text)
      words.addEventListener("animationend", () => words.remove())
      this.root.replaceChildren(words)
    }
  }
}
