// The moves of the slider that are under way: however slow the line is, the last place wins.
//
// The maps that answer name no move, so a move counts as answered by the next map, or once it is old.

const UNDER_WAY = 2
const PATIENCE = 250 // ms after which a place is sent although those before have brought no map

export class MoveWindow {
  // `send(rest, number)` sends the place of that moment.
  constructor(send) {
    this.send = send
    this.number = 0 // of the newest move
    this.sent = [] // times of the moves that are under way
    this.waiting = false
  }

  // A place at rest is always sent: nothing follows that would bring it.
  move(rest) {
    const now = performance.now()
    this.sent = rest ? [] : this.sent.filter((since) => now - since < PATIENCE)
    if (this.sent.length >= UNDER_WAY) {
      this.waiting = true
      return
    }
    if (!rest) {
      this.sent.push(now)
    }
    this.waiting = false
    this.number += 1
    this.send(rest, this.number)
  }

  answer() {
    this.sent.shift()
    if (this.waiting) {
      this.move(false)
    }
  }
}
