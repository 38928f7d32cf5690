// The window of requests: how many questions may be under way before the next one waits.
//
// A question that finds the window full waits, and it is asked with the newest state once an answer has come. So a
// slow line is never flooded, and the last state is always asked for.

const OVERDUE = 2000 // ms without a new question, after which a full window holds nothing back any more
const LOST = 5000 // ms after which an answer is taken for lost, and asked for again

export class RequestWindow {
  // `send(sequence)` asks with the state of that moment. `most`: how many questions are under way at most.
  constructor(send, most) {
    this.send = send
    this.most = most
    this.sequence = 0 // number of the newest question
    this.answered = 0 // number of the newest question that was answered
    this.askedAt = -Infinity
    this.waiting = false
    this.timer = 0
  }

  ask() {
    const now = performance.now()
    if (this.sequence - this.answered >= this.most && now - this.askedAt < OVERDUE) {
      this.waiting = true
      return
    }
    this.askedAt = now
    this.waiting = false
    this.sequence += 1
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.answered = this.sequence
      this.ask()
    }, LOST)
    this.send(this.sequence)
  }

  // Notes the answer to a question, and asks what waits. Answers may overtake each other.
  answer(sequence) {
    this.answered = Math.max(this.answered, sequence)
    if (this.isNewest(this.answered)) {
      clearTimeout(this.timer)
    }
    if (this.waiting) {
      this.ask()
    }
  }

  isNewest(sequence) {
    return sequence >= this.sequence
  }

  close() {
    clearTimeout(this.timer)
  }
}

// Counts what arrives, so that what took longer to unpack than its successor is dropped.
export class ArrivalOrder {
  constructor() {
    this.arrived = 0
    this.shown = 0
  }

  arrive() {
    this.arrived += 1
    return this.arrived
  }

  // True where this arrival is still to be shown. It supersedes all before it.
  supersedes(order) {
    if (order < this.shown) {
      return false
    }
    this.shown = order
    return true
  }
}
