// The shape that a brush draws: told to the server while it grows, so that what it selects is seen before it is closed.

const APART = 60 // ms, at least, between two reports
const MOST = 400 // corners that are told of a lasso
const HOLD = 450 // ms that a press is held before it begins a lasso
const STILL = 4 // pixels: a hand that moved more drags

let strokes = 0

export class Stroke {
  constructor(model, shape, start) {
    strokes += 1
    this.model = model
    this.shape = shape
    this.number = strokes
    this.path = [start]
    this.told = 0
  }

  add(place) {
    this.path.push(place)
    const now = performance.now()
    if (now - this.told > APART && this.path.length > 2) {
      this.told = now
      const {path, shape, number} = this
      const every = Math.ceil(path.length / MOST)
      const some = path.filter((_, at) => at % every === 0 || at === path.length - 1)
      this.model.send_msg({kind: "draw", stroke: number, shape, path: some})
    }
  }
}

// A press that is held on the map gives the next drag to the lasso, until that ends.
export class HeldPress {
  constructor(toolbar) {
    this.toolbar = toolbar
    this.press = null
  }

  begin(event, onHeld) {
    this.end()
    const timer = setTimeout(() => {
      const lasso = this.tool("LassoSelectTool")
      if (lasso) {
        lasso.active = true
        this.press.isLasso = true
        onHeld()
      }
    }, HOLD)
    this.press = {pointer: event.pointerId, x: event.clientX, y: event.clientY, timer, isLasso: false}
  }

  move(event) {
    const {press} = this
    if (press && !press.isLasso && Math.hypot(event.clientX - press.x, event.clientY - press.y) > STILL) {
      this.end()
    }
  }

  end() {
    const {press} = this
    this.press = null
    if (press) {
      clearTimeout(press.timer)
      if (press.isLasso) {
        // The figure closes its shape in the turn of this event.
        setTimeout(() => {
          const pan = this.tool("PanTool")
          if (pan) {
            pan.active = true
          }
        })
      }
    }
  }

  tool(type) {
    return this.toolbar.tools.flatMap((tool) => tool.tools ?? [tool]).find((tool) => tool.type === type)
  }
}
