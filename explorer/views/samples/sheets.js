// The sheets of samples that have come, and the one that is asked for.

import {samples, unpack} from "../components/messages.js"

const KEPT = 300 // sheets: at most 36,000 samples

export class Sheets {
  constructor(model) {
    this.model = model
    this.kept = new Map() // number of a sheet to its samples, in the order in which they came
    this.asked = null // the sheet that is on its way
    this.requests = 0
  }

  clear() {
    this.kept.clear()
    this.asked = null
  }

  get count() {
    return this.kept.size
  }

  // The sample at a place of the list; nothing before its sheet has come.
  sample(at) {
    const {sheet} = this.model.listed
    return this.kept.get(Math.floor(at / sheet))?.[at % sheet]
  }

  // One is asked for at a time, of those in sight the first that is lacking: what was scrolled past is not fetched.
  ask(first, last) {
    const {sheet: size, count, number} = this.model.listed
    if (this.asked !== null || !count) {
      return
    }
    for (let sheet = Math.floor(first / size); sheet * size < last; sheet++) {
      if (!this.kept.has(sheet)) {
        this.asked = sheet
        this.requests += 1 // two answers are never equal: the browser would not hear of the second
        this.model.send_msg({kind: "sheet", list: number, sheet, request: this.requests})
        return
      }
    }
  }

  // Whether what has come is of the list that is shown. Of another one nothing more is asked: the list is on its way.
  take() {
    if (this.model.sheet.byteLength === 0) {
      return false
    }
    const [head, bytes] = unpack(this.model.sheet)
    this.asked = null
    if (head.list !== this.model.listed.number || head.rows.length === 0) {
      return false
    }
    const each = samples(bytes, head.rows.length)
    this.kept.set(
      head.sheet,
      head.rows.map((index, at) => ({index, about: head.about[at], bytes: each[at]})),
    )
    if (this.kept.size > KEPT) {
      this.kept.delete(this.kept.keys().next().value)
    }
    return true
  }
}
