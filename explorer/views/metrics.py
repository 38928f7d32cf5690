"""The live charts: what training minimises, on training and on held-out samples."""

from __future__ import annotations

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, HoverTool, Range1d, Span
from bokeh.plotting import figure

from explorer.runtime.training import Run
from explorer.session import Session

TERMS = (
    ("loss", "Loss: falls while training helps"),
    ("reconstruction", "Reconstruction: distance of samples from their decoding"),
    ("kl", "KL: information kept about each sample"),
)


class Metrics:
    """One chart a term, made when the drawer opens first; new steps are streamed to them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._run: Run | None = None
        self._read = 0
        self._training = {term: ColumnDataSource({"epoch": [], "value": []}) for term, _ in TERMS}
        self._held_out = {term: ColumnDataSource({"epoch": [], "value": []}) for term, _ in TERMS}
        # Ranges of our own: the whole run across from the start, so that nothing jumps while one reads it.
        self._epochs = Range1d(0, 1)
        self._values = {term: Range1d(0, 1) for term, _ in TERMS}
        self._looked_at = epoch_lines(len(TERMS))
        self.panel = pn.Row(css_classes=["lx-metrics"], sizing_mode="stretch_both", min_height=190, margin=0)

    def unfold(self) -> None:
        """Make the charts, if they have not been made: the drawer is opened. Idempotent."""
        if not len(self.panel):
            self.panel.objects = [
                pn.pane.Bokeh(self._chart(term, title), sizing_mode="stretch_both", margin=2)
                for term, title in TERMS
            ]

    def refresh(self) -> None:
        """Stream the steps that are not on the charts yet, and mark the epoch that is looked back at."""
        mark_epoch(self._looked_at, self._session.timeline.epoch)
        run = self._session.training.current
        if run is None:
            return
        if run is not self._run:
            self._run, self._read = run, 0
            for source in (*self._training.values(), *self._held_out.values()):
                source.data = {"epoch": [], "value": []}
            self._seen: dict[str, list[float]] = {term: [] for term, _ in TERMS}
        steps = run.steps.since(self._read)
        self._read += len(steps)
        if steps:
            self._epochs.end = steps[-1].epochs
        for term, _ in TERMS:
            rows = [(s.epochs * s.seen / s.of, s.terms[term]) for s in steps if term in s.terms]
            _stream(self._training[term], rows)
            held_out = [
                (float(s.epoch), s.held_out[term]) for s in steps if s.held_out and term in s.held_out
            ]
            _stream(self._held_out[term], held_out)
            self._fit(term, [value for _, value in (*rows, *held_out)])

    def _fit(self, term: str, new: list[float]) -> None:
        # The first steps of a fresh model are many times the rest, which would be flat under them.
        seen = self._seen[term]
        seen.extend(new)
        if new:
            low, high = min(seen), float(np.percentile(seen, 97))
            margin = 0.06 * (high - low) or 1.0
            self._values[term].update(start=low - margin, end=high + margin)

    def _chart(self, term: str, title: str) -> figure:
        chart = figure(
            title=title,
            sizing_mode="stretch_both",
            tools="",
            toolbar_location=None,
            min_height=180,
            x_axis_label="epoch",
            y_axis_label="nats per sample",
            output_backend="canvas",
            x_range=self._epochs,
            y_range=self._values[term],
        )
        chart.title.text_font_size = "12px"
        chart.add_layout(self._looked_at[[name for name, _ in TERMS].index(term)])
        chart.line(
            "epoch",
            "value",
            source=self._training[term],
            line_width=2,
            color="#3b82c4",
            legend_label="training",
        )
        held_out = chart.scatter(
            "epoch",
            "value",
            source=self._held_out[term],
            size=7,
            marker="diamond",
            color="#d9730d",
            legend_label="held out",
        )
        chart.line(
            "epoch", "value", source=self._held_out[term], line_width=1, line_dash="dashed", color="#d9730d"
        )
        chart.add_tools(
            HoverTool(
                renderers=[held_out], tooltips=[("epoch", "@epoch{0}"), (f"{term}, held out", "@value{0.00}")]
            )
        )
        chart.legend.label_text_font_size = "10px"
        chart.legend.background_fill_alpha = 0.5
        chart.legend.padding = 4
        return chart


def epoch_lines(count: int) -> list[Span]:
    """Lines across so many charts, at no epoch yet."""
    return [
        Span(dimension="height", line_color="#8a8f98", line_width=2, line_dash="dotted", visible=False)
        for _ in range(count)
    ]


def mark_epoch(lines: list[Span], epoch: int | None) -> None:
    """Put the lines at the epoch that is looked back at; None takes them away."""
    for line in lines:
        if epoch is None and line.visible:
            line.visible = False
        elif epoch is not None and (line.location != epoch or not line.visible):
            line.update(location=epoch, visible=True)


def _stream(source: ColumnDataSource, rows: list[tuple[float, float]]) -> None:
    if rows:
        epochs, values = zip(*rows, strict=True)
        source.stream({"epoch": list(epochs), "value": list(values)}, rollover=5_000)
