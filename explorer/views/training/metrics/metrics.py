"""The tab Train: charts to choose from, made when they are first shown, and the events of the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import panel as pn

from explorer.runtime.run import Run
from explorer.session import Session
from explorer.session.training.report import RunReport
from explorer.views.components.widgets import duration
from explorer.views.training.metrics.axes import AxesCharts
from explorer.views.training.metrics.charts import COLOURS, Charts, strip
from explorer.views.training.metrics.curves import Curves
from explorer.views.training.metrics.forgetting import ForgettingCharts, table
from explorer.views.training.metrics.plane import Plane
from explorer.views.training.metrics.studio import Studio

LEAST_SECONDS = 0.9
"""Between two updates of the charts: an eye follows no more, and drawing one takes the training's time. Less
than between two reports of a run, so that each of them is drawn; an epoch's end may wait for the next one."""

_EMPTY = "Nothing has been trained yet. Press Train in the sidebar: the charts fill while you go on looking."


class Metrics:
    """Follows the run of the session, and streams its new figures to the charts that are shown.

    Parameters
    ----------
    clock
        Seconds; for tests.
    """

    def __init__(self, session: Session, clock: Callable[[], float] = time.perf_counter) -> None:
        self._session = session
        self._clock = clock
        self._curves = Curves()
        self._charts: dict[str, Charts] = {
            "curves": self._curves,
            "plane": Plane(),
            "axes": AxesCharts(),
            "forgetting": ForgettingCharts(),
        }
        self._strips = {name: strip() for name in self._charts}
        self._made: set[str] = set()
        self._theme = ""
        self._drawn = 0.0
        self._run: Run | None = None
        self._studio: Studio | None = None
        self.panel = pn.Row(css_classes=["lx-metrics"], sizing_mode="stretch_both", margin=0)

    def unfold(self) -> None:
        """Make the frame and the charts that are chosen, if they have not been made. Idempotent."""
        if self._studio is not None:
            self._choose()
            return
        self._studio = Studio(
            choices=[(name, charts.title) for name, charts in self._charts.items()],
            note=_EMPTY,
            sizing_mode="stretch_both",
            margin=0,
            **self._strips,
        )
        self._choose()
        self._studio.param.watch(self._choose, "chosen")
        self._studio.param.watch(self._on_beside, "beside")
        self._studio.on_msg(self._on_message)
        self.panel.objects = [self._studio]

    def refresh(self) -> None:
        """Show what is new, if the charts are open and the last update is long enough ago."""
        run, studio = self._session.reported, self._studio
        if studio is None or not self._session.monitor.shown:
            return
        if self._theme != self._session.state.theme:
            self._theme = self._session.state.theme
            studio.colours = COLOURS[self._theme]
            for name in self._made:
                self._charts[name].dress(self._theme)
        self._curves.look_at(self._epoch_on_map(run))
        self._offer_beside(studio, run)
        if run is None:
            return
        over = run.state.over  # asked before the reports are: then these are the last
        now = self._clock()
        if run is self._run and not over and now - self._drawn < LEAST_SECONDS:
            return
        self._drawn, self._run = now, run
        report = self._session.monitor.of(run)
        self._charts[studio.chosen].show(run, report)
        self._say(studio, run, report)
        self._mount(studio.chosen)

    def _epoch_on_map(self, run: Run | None) -> int | None:
        """Return the epoch that is looked back at, or at which a stored run was opened."""
        timeline = self._session.timeline
        if timeline.epoch is not None or run is None or run is not self._session.shown_run.recorded:
            return timeline.epoch
        return round(timeline.position)

    def _offer_beside(self, studio: Studio, run: Run | None) -> None:
        beside = self._session.run_beside
        offered = [] if run is None or studio.chosen != "curves" else beside.offered(run)
        if studio.others != offered:
            studio.others = offered
        found = beside.chosen
        if found is not None and run is not None and found.convention != run.job.model.convention:
            self._session.state.say(
                f"The loss of “{found.name}” is {found.convention}, and of the run on the charts "
                f"{run.job.model.convention}: the two have no common scale; choose another run."
            )
            beside.choose("")
            found = None
        if found is None or found.id == beside.requested:
            studio.beside = beside.requested
        self._curves.show_beside(found)
        if studio.chosen == "curves" and studio.key != self._curves.key:
            studio.key = self._curves.key

    def _on_beside(self, event: Any) -> None:
        if event.new != self._session.run_beside.requested:
            self._session.run_beside.choose(event.new)

    def _on_message(self, event: Any) -> None:
        run, number = self._session.reported, int(event.data["remedy"])
        events = () if run is None else self._session.monitor.of(run).events.since(number)
        if events and events[0].remedy is not None:
            self._session.remedy(events[0].remedy)

    def _choose(self, *_: Any) -> None:
        assert self._studio is not None
        name = self._studio.chosen
        if name not in self._made:
            self._made.add(name)
            self._charts[name].make()
            self._charts[name].dress(self._session.state.theme)
        self._studio.key = list(self._charts[name].key)
        if self._session.reported is None:
            self._studio.empty = name != "curves"
            self._mount(name)
        self._run = None  # so that they are drawn at once, but only in a turn that holds the document
        self._session.tasks.ring()

    def _mount(self, name: str) -> None:
        # Only once they are complete: to the browser, charts that it is yet to get cannot be changed.
        charts = self._charts[name]
        if self._strips[name].objects != charts.panes:
            self._strips[name].objects = charts.panes

    def _say(self, studio: Studio, run: Run, report: RunReport) -> None:
        said = {
            "note": self._charts[studio.chosen].note(run, report),
            "table": table(report.forgetting) if studio.chosen == "forgetting" else {},
            "empty": not self._charts[studio.chosen].draws(run, report),
            "happened": [
                [event.sentence, event.remedy.label if event.remedy else ""]
                for event in report.events.since(0)
            ],
            "token": run.token,
            "pace": _pace(run),
        }
        studio.param.update(**{name: value for name, value in said.items() if getattr(studio, name) != value})


def _pace(run: Run) -> str:
    progress = run.progress
    if progress is None or run.state.over:
        return ""
    left = "" if progress.seconds_left is None else f" · {duration(progress.seconds_left)} left"
    return f"{progress.samples_per_second:,.0f} samples/s{left}"
