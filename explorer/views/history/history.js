// The tab with the runs that are kept: rows of a tree, above them the tools, beside them the chosen run.

import {download, make} from "../components/dom.js"
import {unpack} from "../components/messages.js"
import {RunDetails} from "./run_details.js"
import {RunRows} from "./run_rows.js"
import {RunToolbar} from "./run_toolbar.js"

const LOOK = 1000 // ms between two questions whether the store has changed
const DOWNLOAD = 10_000 // ms for which the address of a file lives

export function render({model, el}) {
  const send = (kind, more = {}) => model.send_msg({kind, ...more})
  const root = make("div", "history")
  const toolbar = new RunToolbar(model, send)
  const rows = new RunRows(model, send, () => toolbar.show(model.tree))
  const details = new RunDetails(model, send, (run) => rows.rename(run))
  root.append(toolbar.root, rows.root, details.root)
  el.append(root)

  const showDetails = () => {
    rows.select(model.detail.run)
    root.classList.toggle("chosen", Boolean(model.detail.run))
    details.show()
  }
  model.on("tree", () => rows.show())
  model.on("detail", showDetails)
  model.on("parcel", () => {
    if (model.parcel.byteLength) {
      const [head, bytes] = unpack(model.parcel)
      download(bytes, "application/zip", head.name, DOWNLOAD)
      send("sent")
    }
  })
  rows.show()
  showDetails()
  // Only while the tab is on the screen.
  const timer = setInterval(() => {
    if (!el.isConnected) {
      clearInterval(timer)
    } else if (!document.hidden && el.getClientRects().length) {
      send("look")
    }
  }, LOOK)
  model.on("remove", () => clearInterval(timer))
}
