"""The tab Compare: three linked maps, both decoded samples, the table of measures, reconstructions."""

from __future__ import annotations

from typing import Any

import numpy as np
import panel as pn
import param
from panel.custom import JSComponent

from explorer.core.comparison.examples import Examples
from explorer.core.comparison.pair import Pair, TwinFrame
from explorer.core.comparison.triptych import Triptych
from explorer.core.datasets import Dataset
from explorer.core.errors import SHOWN
from explorer.core.quality.change import Comparison
from explorer.core.quality.values import MEASURES
from explorer.core.scene.viewport import Viewport
from explorer.core.selection.brush import Box, Lasso
from explorer.session import Session
from explorer.views.components.assets import script, styles
from explorer.views.components.binary_channel import BinaryChannel, pack


class ComparePanel(JSComponent):
    """Draws maps, samples and tables, and reports gestures."""

    drawing = param.Dict(default={}, doc="Description of the drawing of one sample.")
    state = param.Dict(default={}, doc="Names of the two sides, the sentences about them, and the switches.")
    maps = param.Bytes(b"", doc="Head, arrows and compressed pixels of the three maps.")
    frame = param.Bytes(b"", doc="Head and both decoded samples at the cursor.")
    table = param.Dict(default={}, doc="The measures before and after, and how far measures them is.")
    samples = param.Bytes(b"", doc="Head, originals and reconstructions of some samples.")

    _esm = script("compare/compare")
    _stylesheets = styles("compare/compare")

    def __init__(self, view: CompareView, **params: Any) -> None:
        self._view = view
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        self._view.on_message(data)


class CompareView:
    """Made when its tab is opened first; then one message for three maps, and one for each place."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._component: ComparePanel | None = None
        self._ready = False  # a message to a component that is not there yet would be lost
        self._shown = [0, 0]  # versions of maps and frame
        self._dataset: Dataset | None = None
        self._examples: tuple[object, ...] = ()
        self.panel = pn.Row(css_classes=["lx-compare"], sizing_mode="stretch_both", margin=0)

    def unfold(self) -> None:
        """Make what is on the tab, if it has not been made: it is opened. Idempotent."""
        if self._component is None:
            self._component = ComparePanel(self, sizing_mode="stretch_both", margin=0)
            self._maps, self._frames = (
                BinaryChannel(self._component, "maps"),
                BinaryChannel(self._component, "frame"),
            )
            self.panel.objects = [self._component]
            self.refresh()

    def refresh(self) -> None:
        """Send what is new: what is compared, the maps, the table, the samples."""
        component, session, scene = self._component, self._session, self._session.state.scene
        if component is None or scene is None or not session.comparison.shown:
            return
        if scene.dataset is not self._dataset:
            self._dataset, self._examples = scene.dataset, ()
            component.param.update(drawing=scene.dataset.drawing.described(), samples=b"", table={})
        component.param.update(state=_state(session), table=_table(session))
        comparison = session.comparison
        found = comparison.measures.examples
        if comparison.pair is not None and found is not None:
            named = (found, comparison.measures.shown)
            if named != self._examples:
                self._examples = named
                component.samples = _packed_examples(scene.dataset, comparison.measures.shown, found)
        self.refresh_pixels()

    def refresh_pixels(self) -> None:
        """Send the newest maps and decoded samples, if they have not been sent and are of this pair.

        This touches no model of the document.
        """
        comparison = self._session.comparison
        if not self._ready or comparison.pair is None or self._dataset is not comparison.pair.dataset:
            return
        version, image = comparison.image.read()
        if image is not None and version != self._shown[0] and image.pair == comparison.pair.key:
            self._shown[0] = version
            self._maps.send(_packed_maps(image))
        version, frame = comparison.decoder.frame.read()
        if frame is not None and version != self._shown[1] and frame.stamp == comparison.pair.key:
            self._shown[1] = version
            self._frames.send(_packed_frame(comparison.pair, frame))

    def on_message(self, data: dict[str, Any]) -> None:
        """Answer a gesture."""
        comparison, kind = self._session.comparison, data["kind"]
        if kind == "ready":
            self._ready, self._shown = True, [0, 0]
            self.refresh()
        elif kind == "view":
            self._on_view(data)
        elif kind == "cursor":
            comparison.decoder.hover((float(data["xy"][0]), float(data["xy"][1])))
        elif kind == "brush":
            self._on_brush(data)
        elif kind == "turn" and self._session.state.turns:
            self._session.orientation.step(int(data["right"]), int(data["up"]))
        else:
            self._on_press(kind, data)

    def _on_press(self, kind: str, data: dict[str, Any]) -> None:
        comparison = self._session.comparison
        measures = comparison.measures
        if kind == "swap":
            comparison.swap()
        elif kind == "follow":
            comparison.compare_run()
        elif kind == "bring back":
            self._session.bring_back()
        elif kind == "arrows":
            comparison.arrows = bool(data["shown"])
        elif kind == "measure":
            measures.measure()
        elif kind == "cancel":
            measures.cancel()
        elif kind == "of" and data["value"] in measures.offered:
            measures.of = data["value"]
        elif kind == "which" and data["value"] in measures.param.which.objects:
            measures.which = data["value"]
        self._session.tasks.ring()

    def _on_view(self, data: dict[str, Any]) -> None:
        try:
            x, y = (data["x0"], data["x1"]), (data["y0"], data["y1"])
            viewport = Viewport.of_ranges(x, y, data["w"], data["h"])
        except SHOWN as error:
            self._session.state.say(str(error))
            return
        self._session.comparison.look(
            viewport,
            home=bool(data["home"]),
            sequence=int(data["sequence"]),
            fraction=float(data["fraction"]),
            draft=bool(data["draft"]),
        )

    def _on_brush(self, data: dict[str, Any]) -> None:
        points = np.asarray(data["points"], dtype=float).reshape(-1, 2)
        try:
            shape = Box(*points[:2].ravel().tolist()) if data["shape"] == "box" else Lasso(points)
        except SHOWN as error:
            self._session.state.say(str(error))
            return
        self._session.comparison.brush(shape, int(data["which"]))


def _state(session: Session) -> dict[str, Any]:
    comparison = session.comparison
    pair, mask, chosen = comparison.pair, session.state.selected, comparison.chosen
    chosen_text = ""
    if chosen is not None:
        what = "selected" if mask is not None else "that it was trained on"
        chosen_text = f"the {np.count_nonzero(chosen):,} {what}"
    return {
        "ready": pair is not None,
        "note": comparison.waiting or ("" if pair is None else _note(session, pair)),
        "names": [] if pair is None else [pair.before.side.name, pair.after.side.name],
        "every": "" if pair is None else f"all {len(pair.before.codes):,} samples",
        "chosen": chosen_text,
        "common": pair is not None and pair.common,
        "turns": pair is not None and session.state.turns,
        "given": comparison.given,
        "reverted": pair is not None and not comparison.given and session.state.reverted is not None,
        "swapped": comparison.swapped,
        "arrows": comparison.arrows,
        "begun": comparison.begun,
        "pair": 0 if pair is None else pair.key,
    }


def _note(session: Session, pair: Pair) -> str:
    first, second = pair.before.side.model, pair.after.side.model
    if not pair.common:
        kinds = " and ".join(
            f"{'a sphere' if model.sphere else 'a space'} of {model.latent} coordinates"
            for model in (first, second)
        )
        note = f"Latent spaces of two kinds, {kinds}: each has its own map, and places do not correspond."
    elif pair.turned:
        mirrored = any(placed.alignment.mirrors for placed in (pair.before, pair.after))
        note = (
            f"One side was turned {'and mirrored ' if mirrored else ''}onto the other, since training is "
            "free to turn a latent space; a place is decoded there through the way back."
        )
    else:
        note = "One latent space: a place means the same code on all three maps."
    colouring = session.state.colouring
    if colouring is not None and colouring.values is not None:
        note += f" Colours: {colouring.title}, of the map's model, on all three."
    return note


def _table(session: Session) -> dict[str, Any]:
    comparison = session.comparison
    measures, pair = comparison.measures, comparison.pair
    if pair is None:
        return {}
    share = measures.progress.read()[1] or 0.0
    busy = f"Measuring: {share:.0%}" if share else "Measuring … its first use on a machine compiles it first"
    held_out = len(pair.dataset.test)
    return {
        "rows": [] if measures.comparison is None else _rows(measures.comparison),
        "busy": busy if measures.busy else "",
        "share": share,
        "of": measures.of,
        "offered": list(measures.offered),
        "stale": measures.comparison is not None and not measures.current,
        "held_out": f"{held_out:,}",
    }


def _rows(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "name": change.name,
            "help": MEASURES[change.name],
            "before": [change.before.value, change.before.low, change.before.high],
            "after": [change.after.value, change.after.low, change.after.high],
            "change": [change.change, change.low, change.high],
            "baseline": change.before.baseline if change.after.baseline is None else change.after.baseline,
            "verdict": change.verdict,
        }
        for change in comparison.changes
    ]


def _packed_maps(image: Triptych) -> bytes:
    view = image.viewport
    head = {
        "mime": image.mime,
        "sizes": [len(part) for part in image.pixels],
        "points": list(image.points),
        "moves": len(image.moves),
        "x0": view.x0,
        "x1": view.x1,
        "y0": view.y0,
        "y1": view.y1,
        "fraction": image.fraction,
        "home": image.home,
        "sequence": image.sequence,
        "pair": image.pair,
    }
    return pack(head, image.moves.astype("<f4").tobytes() + b"".join(image.pixels))


def _packed_frame(pair: Pair, frame: TwinFrame) -> bytes:
    head = {"x": frame.xy[0], "y": frame.xy[1], "codes": [code.tolist() for code in frame.codes]}
    to_bytes = pair.dataset.drawing.to_bytes
    return pack(head, to_bytes(frame.before) + to_bytes(frame.after))


def _packed_examples(dataset: Dataset, shown: str, found: Examples) -> bytes:
    labels = None if dataset.y is None else [dataset.classes[int(index)] for index in dataset.y[found.rows]]
    head = {
        "shown": shown,
        "rows": found.rows.tolist(),
        "labels": labels,
        "errors": found.errors.tolist(),
        "convention": found.convention,
    }
    to_bytes = dataset.drawing.to_bytes
    parts = [
        to_bytes(sample)
        for row, before, after in zip(found.rows, found.before, found.after, strict=True)
        for sample in (dataset.x[row], before, after)
    ]
    return pack(head, b"".join(parts))
