"""The terms that training minimises, on training and held-out samples, with marks at the events."""

from __future__ import annotations

import panel as pn
from bokeh.models import HoverTool, Range1d
from bokeh.models.annotations import Span
from bokeh.plotting import figure

from explorer.runtime.run import Run
from explorer.session.history.run_beside import Beside
from explorer.session.training.report import RunReport, moment
from explorer.views.training.metrics.charts import Trace, chart, dress, fit, row, tagged
from models import Step

TERMS = (
    ("loss", "Loss (nats): should fall"),
    ("reconstruction", "Reconstruction (nats): the error"),
    ("kl", "KL (nats): information kept"),
)

_LONGEST = 24  # characters of a name in the key

_USUAL = 97.0  # percentile: the first steps of a fresh model are many times the rest, which would be flat


class Curves:
    """A chart for each term."""

    title = "Curves"

    def __init__(self) -> None:
        self._training = {term: Trace("epoch", "value") for term, _ in TERMS}
        self._held_out = {term: Trace("epoch", "value") for term, _ in TERMS}
        self._beside_training = {term: Trace("epoch", "value") for term, _ in TERMS}
        self._beside_held_out = {term: Trace("epoch", "value") for term, _ in TERMS}
        self._beside: Beside | None = None
        self._marks = Trace("epoch", "height", "number", "sentence")
        # The range covers the whole run from its start, so that nothing jumps while it is read.
        self._epochs = Range1d(start=0, end=1)
        self._values = {term: Range1d(start=0, end=1) for term, _ in TERMS}
        self._charts: dict[str, figure] = {}
        self._panes: dict[str, pn.pane.Bokeh] = {}
        self._looked_at: list[Span] = []
        self._with_kl = True
        self._run: Run | None = None
        self._read = self._told = 0

    @property
    def key(self) -> list[tuple[str, str, str, str]]:
        """Of each curve the name, the colour, the marker and the dash."""
        own = [("training", "one", "", "solid"), ("held out", "other", "diamond", "dashed")]
        if self._beside is None:
            return own
        name = f"“{shortened(self._beside.name)}”"
        return [*own, (name, "plain", "", "solid"), (f"{name}, held out", "plain", "diamond", "dashed")]

    def make(self) -> None:
        """Make the charts. Once."""
        self._charts = {term: self._chart(term, title) for term, title in TERMS}
        self._mark(self._charts["loss"])
        for made in self._charts.values():
            line = Span(
                dimension="height", line_color="#8a8f98", line_width=2, line_dash="dotted", visible=False
            )
            made.add_layout(line)
            self._looked_at.append(line)
        self._panes = dict(zip(self._charts, row(*self._charts.values()), strict=True))

    @property
    def panes(self) -> list[pn.pane.Bokeh]:
        """The charts of the terms that the model has, side by side."""
        return [pane for term, pane in self._panes.items() if self._with_kl or term != "kl"]

    def dress(self, theme: str) -> None:
        """Take the colours of a theme."""
        for made in self._charts.values():
            dress(made, theme)

    def show(self, run: Run, report: RunReport) -> None:
        """Stream what is not on the charts yet."""
        if run is not self._run:
            self._run, self._read, self._told = run, 0, 0
            for trace in (*self._training.values(), *self._held_out.values(), self._marks):
                trace.clear()
            self._show_epochs()
            self._with_kl = run.job.model.prior_variance is not None
        steps = run.steps.since(self._read)
        self._read += len(steps)
        for term, _ in TERMS:
            rows, others = _training(steps, term), _held_out(steps, term)
            self._training[term].add(rows)
            self._held_out[term].add(others)
            if rows or others:
                self._fit(term)
        self._show_marks(run, report)

    def show_beside(self, beside: Beside | None) -> None:
        """Draw the curves of another run too; None takes them away."""
        if beside is self._beside:
            return
        self._beside = beside
        steps = () if beside is None else beside.steps
        for term, _ in TERMS:
            held_out = [
                (float(s.epoch), s.held_out[term]) for s in steps if s.held_out and term in s.held_out
            ]
            self._beside_training[term].put([(moment(s), s.terms[term]) for s in steps if term in s.terms])
            self._beside_held_out[term].put(held_out)
            self._fit(term)
        self._show_epochs()

    def _show_epochs(self) -> None:
        run, others = self._run, () if self._beside is None else self._beside.steps
        if run is not None:
            end = max([run.job.plan.epochs, *(step.epoch for step in others[-1:])])
            self._epochs.update(start=0 if others else run.job.done, end=end)

    def _fit(self, term: str) -> None:
        traces = (self._training, self._held_out, self._beside_training, self._beside_held_out)
        fit(self._values[term], *(trace[term].values("value") for trace in traces), cap=_USUAL)

    def look_at(self, epoch: int | None) -> None:
        """Draw a line at the epoch that is looked back at; None takes it away."""
        for line in self._looked_at:
            if epoch is None and line.visible:
                line.visible = False
            elif epoch is not None and (line.location != epoch or not line.visible):
                line.update(location=epoch, visible=True)

    def draws(self, run: Run, report: RunReport) -> bool:
        """Return whether there is anything to draw."""
        return True

    def note(self, run: Run, report: RunReport) -> str:
        """Say which unit the charts have, and why one is missing."""
        model = run.job.model
        missing = ""
        if model.prior_variance is None:
            missing = " No KL is drawn: this model has no prior, a sample is one place."
        return f"Nats per sample ({model.convention}). Held out is measured as each epoch ends.{missing}"

    def _show_marks(self, run: Run, report: RunReport) -> None:
        happenings = report.events.since(self._told)
        if happenings:
            (last,) = run.steps.since(len(run.steps) - 1) or (None,)
            scale = last.epochs / last.of if last else 1.0
            first = self._told + 1
            self._told += len(happenings)
            self._marks.add(
                [
                    # Neighbours at three heights, so that they can be told apart.
                    (happening.seen * scale, 0.93 - 0.16 * (number % 3), str(number), happening.sentence)
                    for number, happening in enumerate(happenings, start=first)
                ]
            )

    def _chart(self, term: str, title: str) -> figure:
        made = chart(title, "epoch", x_range=self._epochs, y_range=self._values[term])
        other, others = self._beside_training[term].source, self._beside_held_out[term].source
        tagged(made.line("epoch", "value", source=other, line_width=1.5, name="beside"), "plain")
        tagged(made.line("epoch", "value", source=others, line_dash="dashed"), "plain")
        tagged(made.scatter("epoch", "value", source=others, size=4, marker="diamond"), "plain")
        training, held_out = self._training[term].source, self._held_out[term].source
        tagged(made.line("epoch", "value", source=training, line_width=2, name="training"), "one")
        tagged(made.line("epoch", "value", source=held_out, line_dash="dashed"), "other")
        points = made.scatter("epoch", "value", source=held_out, size=6, marker="diamond", name="held out")
        tagged(points, "other")
        tips = [("epoch", "@epoch{0}"), (f"{term}, held out", "@value{0.00} nats")]
        made.add_tools(HoverTool(renderers=[points], tooltips=tips))
        return made

    def _mark(self, made: figure) -> None:
        made.extra_y_ranges = {"share": Range1d(start=0, end=1)}
        source = self._marks.source
        tagged(made.vspan(x="epoch", source=source, line_dash="dotted", line_width=1.5), "mark")
        # A light disc under a dark number, in both themes.
        discs = made.scatter(
            "epoch",
            "height",
            source=source,
            y_range_name="share",
            size=15,
            fill_color="white",
            line_color="#5b3a8c",
            line_width=1.5,
            name="marks",
        )
        made.text(
            "epoch",
            "height",
            "number",
            source=source,
            y_range_name="share",
            text_align="center",
            text_baseline="middle",
            text_font_size="10px",
            text_color="#3b2463",
        )
        made.add_tools(HoverTool(renderers=[discs], tooltips="<div style='max-width:280px'>@sentence</div>"))


def _training(steps: tuple[Step, ...], term: str) -> list[tuple[float, float]]:
    return [(moment(step), step.terms[term]) for step in steps if term in step.terms]


def _held_out(steps: tuple[Step, ...], term: str) -> list[tuple[float, float]]:
    given = [(step.epoch, step.held_out) for step in steps if step.held_out is not None]
    return [(float(epoch), terms[term]) for epoch, terms in given if term in terms]


def shortened(name: str) -> str:
    """Return a name that fits the key, cut in the middle."""
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[:half]}…{name[-half + 1 :]}"
