"""KL per latent axis, and how many axes are active."""

from __future__ import annotations

import panel as pn
from bokeh.models import AdaptiveTicker, FixedTicker, HoverTool, Range1d
from bokeh.models.renderers import DataRenderer
from bokeh.plotting import figure

from explorer.core.latent.activity import Activity
from explorer.runtime.run import Run
from explorer.session.training.report import RunReport
from explorer.views.training.metrics.charts import Trace, chart, dress, row, tagged

MOST = 64
"""Most bars that are drawn. Of more axes, those with the largest KL are drawn."""

_NAMED = 16  # bars under which their axes' names have room


class AxesCharts:
    """Bars of the newest snapshot, and a line over the epochs."""

    title = "Axes"
    key: tuple[tuple[str, str, str, str], ...] = ()

    def __init__(self) -> None:
        self.panes: list[pn.pane.Bokeh] = []
        self._active = Trace("rank", "kl", "name", "says")
        self._inactive = Trace("rank", "kl", "name", "says")
        self._units = Trace("epoch", "units")
        self._ranks, self._kl = Range1d(start=0, end=1), Range1d(start=0, end=1)
        self._epochs, self._axes = Range1d(start=0, end=1), Range1d(start=0, end=1)
        self._charts: tuple[figure, ...] = ()
        self._ranked = FixedTicker()
        self._run: Run | None = None
        self._shown: Activity | None = None
        self._read = 0

    def make(self) -> None:
        """Make the charts. Once."""
        bars = chart(
            "KL per axis (nats): what each says",
            "latent axis, the largest first",
            x_range=self._ranks,
            y_range=self._kl,
        )
        bars.xgrid.visible = False
        bars.xaxis.ticker = self._ranked
        active = bars.vbar("rank", 0.78, "kl", source=self._active.source, name="active")
        # Told apart by the hatch, not by the colour.
        inactive = bars.vbar(
            "rank",
            0.78,
            "kl",
            source=self._inactive.source,
            fill_color=None,
            hatch_pattern="/",
            hatch_alpha=0.8,
            name="inactive",
        )
        drawn: list[DataRenderer] = [tagged(active, "one"), tagged(inactive, "plain")]
        tips = [("axis", "@name"), ("KL", "@kl{0.000} nats"), ("", "@says")]
        bars.add_tools(HoverTool(renderers=drawn, tooltips=tips))
        units = chart("Active axes: how many say anything", "epoch", x_range=self._epochs, y_range=self._axes)
        assert isinstance(units.yaxis.ticker, AdaptiveTicker)
        units.yaxis.ticker.update(mantissas=[1, 2, 5], min_interval=1)
        source = self._units.source
        tagged(units.step("epoch", "units", source=source, mode="after", line_width=2), "one")
        points = tagged(units.scatter("epoch", "units", source=source, size=6, name="units"), "one")
        units.add_tools(
            HoverTool(renderers=[points], tooltips=[("epoch", "@epoch{0.0}"), ("active", "@units")])
        )
        self._charts = (bars, units)
        self.panes = row(*self._charts)

    def dress(self, theme: str) -> None:
        """Take the colours of a theme."""
        for made in self._charts:
            dress(made, theme)

    def show(self, run: Run, report: RunReport) -> None:
        """Show the newest bars, and stream what is not on the line yet."""
        if run is not self._run:
            self._run, self._read, self._shown = run, 0, None
            for trace in (self._active, self._inactive, self._units):
                trace.clear()
            self._axes.update(start=0, end=run.job.model.latent * 1.06)
            self._epochs.update(start=run.job.done, end=run.job.plan.epochs)
        points = report.axes.since(self._read)
        self._read += len(points)
        self._units.add(
            [(point.at, point.activity.units) for point in points if point.activity.units is not None]
        )
        found = report.activity
        if found is not None and found is not self._shown and found.total_kl is not None:
            self._shown = found
            self._bars(found, found.total_kl)

    def draws(self, run: Run, report: RunReport) -> bool:
        """Return whether there is anything to draw."""
        return report.activity is not None and report.activity.total_kl is not None

    def note(self, run: Run, report: RunReport) -> str:
        """Give the figures in words, or say why there are none."""
        if run.job.model.prior_variance is None:
            return "No KL and no active axes: this model has no prior, a sample is one place."
        found = report.activity
        if found is None or found.total_kl is None or found.units is None:
            return "Measured with the next map."
        latent = len(found.variance)
        words = (
            f"{found.units} of {latent} axes active; total KL {found.total_kl:.2f} nats, over all samples."
        )
        if found.kl is None:
            where = "on the sphere" if run.job.model.sphere else "under this prior"
            return f"{words} KL does not split by axis {where}: one bar is all of it."
        if latent > MOST:
            words += f" The {MOST} that say most are drawn."
        return words + (" Hatched: inactive." if found.units < latent else "")

    def _bars(self, found: Activity, total_kl: float) -> None:
        if found.kl is None or found.active is None:
            rows = [(1, total_kl, "all axes together", True)]
        else:
            rows = [
                (rank, float(found.kl[axis]), f"z{axis + 1}", bool(found.active[axis]))
                for rank, axis in enumerate(found.order[:MOST], start=1)
            ]
        for trace, active in ((self._active, True), (self._inactive, False)):
            says = "active" if active else "inactive"
            trace.put([(rank, kl, name, says) for rank, kl, name, is_active in rows if is_active is active])
        self._ranks.update(start=0.4, end=len(rows) + 0.6)
        highest = max(0.0, *(kl for _, kl, *_ in rows))
        self._kl.update(start=0.0, end=highest + max(0.08 * highest, 0.005))
        names = [name for _, _, name, _ in rows] if len(rows) <= _NAMED else []
        ticks = list(range(1, len(rows) + 1)) if names else [1, *range(10, len(rows) + 1, 10)]
        self._ranked.ticks = ticks
        self._charts[0].xaxis[0].major_label_overrides = dict(enumerate(names, start=1))
