// The shape that a brush draws: told to the server while it grows, so that what it selects is seen before it is closed.

const APART = 60 // ms, at least, between two reports
const MOST = 400 // corners that are told of a lasso

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
      const {path} = this
      const every = Math.ceil(path.length / MOST)
      this.tell(path.filter((_, at) => at % every === 0 || at === path.length - 1))
    }
  }

  tell(path) {
    this.model.send_msg({kind: "draw", stroke: this.number, shape: this.shape, path})
  }
}
