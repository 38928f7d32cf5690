// The first stop of the Tab key: it leads past the controls to the map. It is seen while it has the keyboard.

import {make, makeButton} from "../components/dom.js"

const STYLE = `
button { all: unset; position: fixed; z-index: 2000; left: 8px; top: -80px; padding: 8px 14px; border-radius: 4px; font: 14px sans-serif; color: #fff; background: #0b57d0; }
button:focus { top: 8px; outline: 2px solid #fff; outline-offset: -4px; }
`

// `target` returns the element that takes the keyboard.
export function skipLink(words, target) {
  const host = make("nav")
  host.setAttribute("aria-label", words)
  const button = makeButton("", words, "", () => target()?.focus())
  host.attachShadow({mode: "open"}).append(make("style", "", STYLE), button)
  document.body.prepend(host)
  return host
}

// The first element of that selector at or below a node, in shadow trees too.
export function find(node, selector) {
  const found = node.querySelector?.(selector)
  if (found) {
    return found
  }
  for (const child of node.querySelectorAll?.("*") ?? []) {
    const inside = child.shadowRoot && find(child.shadowRoot, selector)
    if (inside) {
      return inside
    }
  }
  return null
}
