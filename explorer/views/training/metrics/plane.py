"""Rate against distortion, a point an epoch."""

from __future__ import annotations

import panel as pn
from bokeh.models import CustomJSTransform, HoverTool, Range1d
from bokeh.plotting import figure
from bokeh.transform import transform

from explorer.core.diagnostics.rate_distortion import RatePoint
from explorer.runtime.run import Run
from explorer.session.training.report import RunReport
from explorer.views.training.metrics.charts import Trace, chart, dress, fit, row, tagged

_FADED = "const n = xs.length; return Array.from(xs, (_, i) => 0.12 + 0.75 * ((i + 1) / n) ** 2)"


class Plane:
    """A chart of rate against distortion. Former epochs fade, the newest is marked."""

    title = "Rate–distortion"
    key = (("training", "one", "circle", "solid"), ("held out", "other", "diamond", "solid"))

    def __init__(self) -> None:
        self.panes: list[pn.pane.Bokeh] = []
        self._training = Trace("epoch", "rate", "distortion")
        self._held_out = Trace("epoch", "rate", "distortion")
        self._newest = Trace("rate", "distortion", "text")
        self._rates, self._distortions = Range1d(start=0, end=1), Range1d(start=0, end=1)
        self._chart: figure | None = None
        self._run: Run | None = None
        self._read = 0

    def make(self) -> None:
        """Make the chart. Once."""
        made = self._chart = chart(
            "Distortion (nats) against rate: a point an epoch",
            "rate: KL (nats)",
            x_range=self._rates,
            y_range=self._distortions,
        )
        # In the browser, so that a new epoch does not send all former ones again.
        alpha = transform("epoch", CustomJSTransform(func="return 1", v_func=_FADED))
        for trace, name, marker, tag in (
            (self._training, "training", "circle", "one"),
            (self._held_out, "held out", "diamond", "other"),
        ):
            tagged(made.line("rate", "distortion", source=trace.source, line_alpha=0.35), tag)
            points = made.scatter(
                "rate",
                "distortion",
                source=trace.source,
                size=8 if marker == "circle" else 10,
                marker=marker,
                fill_alpha=alpha,
                line_alpha=alpha,
                name=name,
            )
            tagged(points, tag)
            tips = [(name, "epoch @epoch{0}"), ("rate", "@rate{0.00}"), ("distortion", "@distortion{0.0}")]
            made.add_tools(HoverTool(renderers=[points], tooltips=tips))
        newest = self._newest.source
        ring = made.scatter(
            "rate", "distortion", source=newest, size=17, fill_color=None, line_width=2, name="newest"
        )
        label = made.text(
            "rate",
            "distortion",
            "text",
            source=newest,
            x_offset=12,
            text_baseline="middle",
            text_font_size="11px",
        )
        tagged(ring, "plain")
        tagged(label, "plain")
        self.panes = row(made)

    def dress(self, theme: str) -> None:
        """Take the colours of a theme."""
        if self._chart is not None:
            dress(self._chart, theme)

    def show(self, run: Run, report: RunReport) -> None:
        """Stream the epochs that are not on the chart yet."""
        if run is not self._run:
            self._run, self._read = run, 0
            for trace in (self._training, self._held_out, self._newest):
                trace.clear()
        points = report.rates.since(self._read)
        self._read += len(points)
        if not points:
            return
        self._training.add([(point.epoch, point.rate, point.distortion) for point in points])
        self._held_out.add([held for point in points if (held := _held_out(point)) is not None])
        last, held = points[-1], _held_out(points[-1])
        marked = [(last.rate, last.distortion, f"epoch {last.epoch}")]
        self._newest.put(marked if held is None else [*marked, (held[1], held[2], "")])
        traces = (self._training, self._held_out)
        fit(self._rates, *(trace.values("rate") for trace in traces), least=0.02)
        fit(self._distortions, *(trace.values("distortion") for trace in traces), cap=97.0, least=0.02)

    def draws(self, run: Run, report: RunReport) -> bool:
        """Return whether there is anything to draw."""
        return len(report.rates) > 0

    def note(self, run: Run, report: RunReport) -> str:
        """Say how to read the plane, or why there is none."""
        if run.job.model.prior_variance is None:
            return "No plane: this model has no prior, so there is no rate, only the distortion under Curves."
        if not len(report.rates):
            return "A point comes with each finished epoch."
        return (
            "Down is a better reconstruction, left less information in the codes: lower is paid for in rate, "
            "at the price beta."
        )


def _held_out(point: RatePoint) -> tuple[int, float, float] | None:
    if point.held_out_rate is None or point.held_out_distortion is None:
        return None
    return point.epoch, point.held_out_rate, point.held_out_distortion
