"""The tab Samples: the selected samples, or those in view, as a grid that is filled while one scrolls."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import param
from panel.custom import JSComponent

from explorer.core.datasets.thumbnails import thumbnail_drawing, thumbnails
from explorer.core.scene.pick import Picked
from explorer.session import Session
from explorer.session.samples import SHEET, SampleList
from explorer.views.components.assets import script, styles
from explorer.views.components.binary_channel import BinaryChannel, pack


class SampleGrid(JSComponent):
    """Draws the samples that are in sight, and asks for the sheets that it lacks, one after the other."""

    listed = param.Dict({}, doc="`number`, `count` and `counts` of the list, and the sentence on it.")
    drawing = param.Dict({}, doc="Description of the drawing of one sample.")
    orders = param.List([], doc="What the samples can be sorted by.")
    order = param.String("", doc="What they are sorted by.")
    descending = param.Boolean(False, doc="The largest value first.")
    picked = param.Integer(-1, doc="Index of the sample that is marked on the map; -1 for none.")
    note = param.String("", doc="What is being computed.")
    sheet = param.Bytes(b"", doc="Head and thumbnails of one sheet.")
    reconstruction = param.Bytes(b"", doc="Head and thumbnail of a reconstructed sample.")

    _esm = script("samples/samples")
    _stylesheets = styles("samples/samples")

    def __init__(self, answer: Callable[[dict[str, Any]], None], **params: Any) -> None:
        self._on_message = answer
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        self._on_message(data)


class SamplesView:
    """Sends the grid what it asks for: the list, sheets of thumbnails, a reconstruction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._grid: SampleGrid | None = None
        self._sheets: BinaryChannel | None = None
        self._shown = self._reconstructed = 0
        self.panel = pn.Row(css_classes=["lx-samples"], sizing_mode="stretch_both", margin=0)
        samples = session.samples
        self._handlers: dict[str, Callable[[dict[str, Any]], object]] = {
            "sheet": lambda m: self._send_sheet(int(m["list"]), int(m["sheet"]), int(m["request"])),
            "sort": lambda m: samples.sort(str(m["order"]), descending=bool(m["descending"])),
            "hover": lambda m: samples.reconstruct(int(m["index"])),
            "pick": lambda m: samples.pick(int(m["index"])),
            "remove": lambda m: samples.remove(int(m["index"])),
        }

    def unfold(self) -> None:
        """Make the grid, if it has not been made. Idempotent."""
        if self._grid is None:
            self._grid = SampleGrid(self.on_message, sizing_mode="stretch_both", margin=0)
            self._sheets = BinaryChannel(self._grid, "sheet")
            self.panel.objects = [self._grid]
            self.refresh()

    def refresh(self) -> None:
        """Say which samples there are, and send the reconstruction that was asked for last."""
        grid, session = self._grid, self._session
        samples, picked = session.samples, session.state.picked
        if grid is None or not samples.shown:
            return
        version, listed = samples.listed.read()
        new: dict[str, object] = {
            "picked": -1 if picked is None else picked.index,
            "order": samples.order,
            "descending": samples.descending,
            "orders": list(samples.orders),
            "note": samples.progress,
        }
        if listed is not None and version != self._shown:
            self._shown = version
            drawing = thumbnail_drawing(listed.scene.dataset.drawing)
            new |= {"drawing": drawing.described(), "listed": _described(version, listed)}
        changed = {name: value for name, value in new.items() if getattr(grid, name) != value}
        if changed:
            grid.param.update(**changed)
        asked, reconstructed = samples.reconstructed.read()
        if reconstructed is not None and asked != self._reconstructed:
            self._reconstructed = asked
            grid.reconstruction = self._packed(reconstructed)

    def on_message(self, data: dict[str, Any]) -> None:
        """Answer a gesture in the grid."""
        self._handlers[data["kind"]](data)

    def _send_sheet(self, number: int, sheet: int, request: int) -> None:
        version, listed = self._session.samples.listed.read()
        if listed is None or self._sheets is None:
            return
        # Of another list there is nothing: the newer one is on its way.
        rows = listed.rows[SHEET * sheet : SHEET * (sheet + 1)] if version == number else listed.rows[:0]
        dataset = listed.scene.dataset
        head = {
            "list": number,
            "sheet": sheet,
            "request": request,
            "rows": rows.tolist(),
            "about": [_about(listed, SHEET * sheet + at, int(row)) for at, row in enumerate(rows)],
        }
        self._sheets.send(pack(head, thumbnails(dataset.drawing, dataset.x[rows])))

    def _packed(self, found: Picked) -> bytes:
        scene = self._session.state.scene
        assert scene is not None
        head = {"index": found.index, "error": found.error if math.isfinite(found.error) else None}
        return pack(head, thumbnails(scene.dataset.drawing, found.reconstruction[None]))


def _described(version: int, listed: SampleList) -> dict[str, object]:
    count = len(listed.rows)
    what = "selected" if listed.selected else "in view"
    by = "" if listed.values is None else f", by {listed.order}"
    return {
        "number": version,
        "count": count,
        "selected": listed.selected,
        "sheet": SHEET,
        "sentence": f"{count:,} sample{'' if count == 1 else 's'} {what}{by}",
        "counts": [[name, n, of] for name, n, of in listed.counts if n],
    }


def _about(listed: SampleList, at: int, row: int) -> str:
    dataset = listed.scene.dataset
    said = [f"#{row}"]
    if dataset.y is not None:
        said.append(f"{dataset.label_name} {dataset.classes[dataset.y[row]]}")
    said.append("training" if row < len(dataset.train) else "test")
    if listed.values is not None:
        said.append(f"{listed.order} {_text(listed.values.iloc[at])}")
    return ", ".join(said)


def _text(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "missing" if np.isnan(value) else f"{value:.4g}"
    return "missing" if value is None or value is pd.NA else str(value)
