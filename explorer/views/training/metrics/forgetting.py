"""The reconstruction error of the selected and of the other samples, before and now."""

from __future__ import annotations

import panel as pn
from bokeh.models import HoverTool, Range1d
from bokeh.models.renderers import DataRenderer
from bokeh.plotting import figure

from explorer.core.diagnostics.forgetting import ErrorChange, Forgetting
from explorer.runtime.run import Run
from explorer.session.training.report import Errors, RunReport
from explorer.views.training.metrics.charts import Trace, chart, dress, fit, row, tagged

GROUPS = (("selected", "circle", "one", "solid"), ("unselected", "square", "other", "dashed"))


class ForgettingCharts:
    """A line with its interval for each group, beside the dotted line of the error before; and a table."""

    title = "Forgetting"
    key = (
        ("selected", "one", "circle", "solid"),
        ("unselected", "other", "square", "dashed"),
        ("before", "plain", "", "dotted"),
    )

    def __init__(self) -> None:
        self.panes: list[pn.pane.Bokeh] = []
        self._now = {name: Trace("epoch", "now", "low", "high", "change") for name, *_ in GROUPS}
        self._before = {name: Trace("epoch", "error") for name, *_ in GROUPS}
        self._epochs, self._errors = Range1d(start=0, end=1), Range1d(start=0, end=1)
        self._chart: figure | None = None
        self._run: Run | None = None
        self._read = 0

    def make(self) -> None:
        """Make the chart. Once."""
        made = self._chart = chart(
            "Reconstruction error (nats), before and now",
            "epoch",
            x_range=self._epochs,
            y_range=self._errors,
        )
        drawn: list[DataRenderer] = []
        for name, marker, tag, dash in GROUPS:
            now, before = self._now[name].source, self._before[name].source
            line = made.line("epoch", "error", source=before, line_dash="dotted", line_width=2)
            interval = made.segment("epoch", "low", "epoch", "high", source=now, line_width=3, line_alpha=0.4)
            tagged(line, tag)
            tagged(interval, tag)
            tagged(made.line("epoch", "now", source=now, line_width=2, line_dash=dash), tag)
            points = made.scatter("epoch", "now", source=now, size=7, marker=marker, name=name)
            drawn.append(tagged(points, tag))
        tips = [("$name", "@now{0.0} nats"), ("epoch", "@epoch{0.0}"), ("change", "@change")]
        made.add_tools(HoverTool(renderers=drawn, tooltips=tips))
        self.panes = row(made)

    def dress(self, theme: str) -> None:
        """Take the colours of a theme."""
        if self._chart is not None:
            dress(self._chart, theme)

    def show(self, run: Run, report: RunReport) -> None:
        """Stream what has been measured since."""
        if run is not self._run:
            self._run, self._read = run, 0
            for trace in (*self._now.values(), *self._before.values()):
                trace.clear()
            self._epochs.update(start=run.job.done, end=run.job.plan.epochs)
        points = report.errors.since(self._read)
        for name, *_ in GROUPS:
            changes = [(point, change) for point in points if (change := _of(point.forgetting, name))]
            rows = [_row(point, change) for point, change in changes]
            if rows and not self._read:
                began, error = float(run.job.done), changes[0][1].before
                self._before[name].put([(began, error), (float(run.job.plan.epochs), error)])
                rows = [(began, error, error, error, "none yet"), *rows]
            self._now[name].add(rows)
        self._read += len(points)
        if points:
            both = [v for trace in self._now.values() for c in ("low", "high") for v in trace.values(c)]
            fit(self._errors, both, least=0.01)

    def draws(self, run: Run, report: RunReport) -> bool:
        """Return whether there is anything to draw."""
        return report.forgetting is not None

    def note(self, run: Run, report: RunReport) -> str:
        """Say what the training did to the other samples, or why this is unknown."""
        if run.job.indices is None:
            return (
                "This run is on everything: no training sample is left out, so none is forgotten. Select "
                "some and train on the selection to see what becomes of the rest."
            )
        if report.trouble:
            return report.trouble
        if report.forgetting is None:
            return "The errors are measured with the next map, beside those before the training."
        words = "" if report.baseline is None else report.baseline.words
        return f"{report.forgetting.sentence} {words}".strip()


def _of(found: Forgetting, name: str) -> ErrorChange | None:
    return found.selected if name == "selected" else found.unselected


def _row(point: Errors, change: ErrorChange) -> tuple[float, float, float, float, str]:
    low, high = change.before + change.low, change.before + change.high
    return point.at, change.now, low, high, _signed(change)


def _signed(change: ErrorChange) -> str:
    return f"{change.change:+.1f} ({change.low:+.1f} to {change.high:+.1f})"


def table(found: Forgetting | None) -> dict[str, object]:
    """Return the figures as rows of text under a caption; empty before there are any."""
    if found is None:
        return {}
    groups = [(name, change) for name, *_ in GROUPS if (change := _of(found, name)) is not None]
    return {
        "caption": "Nats per sample; in brackets the 95 % interval",
        "head": ["", "before", "now", "change", ""],
        "rows": [
            [name, f"{change.before:.1f}", f"{change.now:.1f}", _signed(change), change.verdict]
            for name, change in groups
        ],
    }
