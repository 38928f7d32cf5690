// Elements of the page, made in one line each.

export function make(tag, className, text) {
  const element = document.createElement(tag)
  if (className) {
    element.className = className
  }
  if (text !== undefined) {
    element.textContent = text
  }
  return element
}

// A button with its help. It submits no form.
export function makeButton(className, text, help, press) {
  const button = make("button", className, text)
  button.type = "button"
  button.title = help
  button.addEventListener("click", press)
  return button
}

export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value)
  }
  return element
}

// Saves bytes as a file on the reader's disk. The address lives until the browser has read it.
export function download(bytes, type, name, milliseconds) {
  const link = make("a")
  link.href = URL.createObjectURL(new Blob([bytes], {type}))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), milliseconds)
}

// The element that has the keyboard, in the shadow tree of this one.
export const focusedBeside = (element) => element.getRootNode().activeElement
