"""The charts of a training, read from their sources: streamed, and only to what is looked at."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from bokeh.models import GlyphRenderer, Span

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.diagnostics.events import Remedy, TrainingEvent
from explorer.core.diagnostics.forgetting import baseline, since
from explorer.core.latent.activity import activity
from explorer.core.latent.cloud import encode
from explorer.runtime.run import Job, Run, RunState, Snapshot
from explorer.session.history.run_beside import Beside
from explorer.session.training.report import RunReport
from explorer.views.training.metrics import Metrics, charts
from explorer.views.training.metrics.charts import Trace
from models import Autoencoder, Step


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return load_dataset("iris")


def model_of(data: Dataset, name: str = "vae", **more: object) -> Autoencoder:
    return models.create(name, shape=data.shape, width=0.25, **{"latent": 3, **more}).eval()


class Opened:
    """A session as the charts know it: a run that the test reports to, and a clock of its own."""

    def __init__(self, data: Dataset, model: Autoencoder, indices: np.ndarray | None = None) -> None:
        self.now = 0.0
        self.start(data, model, indices)
        self.session = SimpleNamespace(
            reported=None, state=SimpleNamespace(theme="light"),
            monitor=SimpleNamespace(shown=True, of=lambda run: self.report),
            timeline=SimpleNamespace(epoch=None), shown_run=SimpleNamespace(recorded=None),
            run_beside=SimpleNamespace(chosen=None, requested="", offered=lambda run: []),
            tasks=SimpleNamespace(ring=lambda: self.metrics.refresh()),
        )  # fmt: skip
        self.metrics = Metrics(self.session, lambda: self.now)
        self.metrics.unfold()
        (self.studio,) = self.metrics.panel.objects

    def start(self, data: Dataset, model: Autoencoder, indices: np.ndarray | None = None) -> None:
        self.run = Run(Job(model, data, indices=indices, epochs=4))
        self.run.state = RunState.RUNNING
        self.report = RunReport(self.run)

    def train(self, losses: list[float], kl: list[float] | None = None, at: int = 0) -> Opened:
        """Report epochs of ten samples, and have them shown."""
        for epoch, loss in enumerate(losses, start=at + 1):
            terms = {"loss": loss, "reconstruction": loss - 1.0}
            if kl is not None:
                terms["kl"] = kl[epoch - at - 1]
            held_out = {name: value + 0.5 for name, value in terms.items()}
            self.run.report(Step(epoch, 4, 10 * epoch, 40, terms, held_out, True, float(epoch)))
        self.report.read(self.run)
        self.session.reported = self.run
        self.now += 1.0
        self.metrics.refresh()
        return self

    def look_at(self, name: str) -> Opened:
        self.studio.chosen = name
        return self

    def drawn(self, name: str, glyph: str) -> dict[str, list]:
        """The columns behind glyphs of that name on the charts of that choice."""
        found = [
            renderer.data_source.data
            for pane in self.metrics._charts[name].panes
            for renderer in pane.object.select({"name": glyph, "type": GlyphRenderer})
        ]
        assert found
        return found


@pytest.fixture
def opened(iris: Dataset) -> Callable[..., Opened]:
    return lambda name="vae", indices=None, **more: Opened(iris, model_of(iris, name, **more), indices)


def test_curves_have_every_report_once(opened: Callable[..., Opened]) -> None:
    shown = opened().train([9.0, 7.0], [2.0, 3.0])
    loss, reconstruction, kl = shown.drawn("curves", "training")
    assert (list(loss["epoch"]), list(loss["value"])) == ([1.0, 2.0], [9.0, 7.0])
    assert list(reconstruction["value"]) == [8.0, 6.0]
    assert list(kl["value"]) == [2.0, 3.0]
    shown.train([6.0], [3.0], at=2)
    shown.metrics.refresh()
    assert list(shown.drawn("curves", "training")[0]["value"]) == [9.0, 7.0, 6.0]
    assert list(shown.drawn("curves", "held out")[0]["value"]) == [9.5, 7.5, 6.5]


def test_what_is_not_looked_at_is_neither_made_nor_fed(opened: Callable[..., Opened]) -> None:
    shown = opened().train([9.0, 7.0], [2.0, 3.0])
    assert shown.metrics._charts["plane"].panes == []
    shown.look_at("plane")
    shown.session.monitor.shown = False
    shown.train([6.0], [3.0], at=2)
    assert len(shown.drawn("curves", "training")[0]["epoch"]) == 2
    assert len(shown.drawn("plane", "training")[0]["epoch"]) == 2
    shown.session.monitor.shown = True
    shown.metrics.unfold()
    assert len(shown.drawn("plane", "training")[0]["epoch"]) == 3
    assert len(shown.look_at("curves").drawn("curves", "training")[0]["epoch"]) == 3


def test_charts_rest_between_updates_and_not_at_the_end(
    opened: Callable[..., Opened],
) -> None:
    shown = opened().train([9.0], [2.0])
    shown.now -= 0.99
    shown.train([7.0], [2.0], at=1)
    assert len(shown.drawn("curves", "training")[0]["epoch"]) == 1
    shown.now -= 1.0
    shown.run.state = RunState.DONE
    shown.metrics.refresh()
    assert len(shown.drawn("curves", "training")[0]["epoch"]) == 2


def test_the_plane_has_a_point_an_epoch_and_marks_the_newest(opened: Callable[..., Opened]) -> None:
    shown = opened().train([9.0, 7.0, 6.5], [2.0, 3.0, 4.0]).look_at("plane")
    (training,), (held_out,), (newest,) = (
        shown.drawn("plane", name) for name in ("training", "held out", "newest")
    )
    assert (list(training["rate"]), list(training["distortion"])) == ([2.0, 3.0, 4.0], [8.0, 6.0, 5.5])
    assert list(held_out["rate"]) == [2.5, 3.5, 4.5]
    assert list(newest["text"]) == ["epoch 3", ""]
    assert list(newest["rate"]) == [4.0, 4.5]


def test_bars_are_the_kl_of_each_axis_sorted(opened: Callable[..., Opened], iris: Dataset) -> None:
    shown = opened().train([9.0], [2.0])
    model = shown.run.job.model
    cloud = encode(model, iris)
    found = activity(cloud, model)
    shown.report.learn(Snapshot(model, cloud, shown.run.steps.since(0)[-1], 1), found)
    shown.look_at("axes")
    (active,), (inactive,), (units,) = (shown.drawn("axes", name) for name in ("active", "inactive", "units"))
    drawn = sorted([*zip(active["rank"], active["kl"], active["name"], strict=True),
                    *zip(inactive["rank"], inactive["kl"], inactive["name"], strict=True)])  # fmt: skip
    assert [kl for _, kl, _ in drawn] == sorted(found.kl.tolist(), reverse=True)
    assert [name for *_, name in drawn] == [f"z{axis + 1}" for axis in found.order]
    assert (list(units["epoch"]), list(units["units"])) == ([1.0], [found.units])
    assert f"{found.units} of 3 axes active" in shown.studio.note


def test_a_sphere_has_one_bar(opened: Callable[..., Opened], iris: Dataset) -> None:
    shown = opened("sphere-vae").train([9.0], [2.0])
    model = shown.run.job.model
    cloud = encode(model, iris)
    found = activity(cloud, model)
    shown.report.learn(Snapshot(model, cloud, shown.run.steps.since(0)[-1], 1), found)
    (active,) = shown.look_at("axes").drawn("axes", "active")
    assert list(active["kl"]) == [found.total_kl]
    assert "does not split by axis on the sphere" in shown.studio.note


def test_without_a_prior_there_is_no_chart_of_it_and_one_line_says_why(opened: Callable[..., Opened]) -> None:
    shown = opened("ae").train([9.0, 7.0])
    assert len(shown.metrics._charts["curves"].panes) == 2
    for name in ("curves", "plane", "axes"):
        shown.look_at(name)
        assert "no prior" in shown.studio.note
        assert shown.studio.empty is (name != "curves")


def test_errors_begin_at_those_before(opened: Callable[..., Opened], iris: Dataset) -> None:
    rows = np.arange(40)
    shown = opened(indices=rows).train([9.0], [2.0]).look_at("forgetting")
    assert shown.studio.empty
    mask = np.isin(np.arange(len(iris)), rows)
    before = baseline(shown.run.job.model, iris, mask)
    found = since(before, model_of(iris, seed=5), iris)
    shown.report.compare(Snapshot(shown.run.job.model, None, shown.run.steps.since(0)[-1], 1), before, found)
    shown.now += 1.0
    shown.metrics.refresh()
    (drawn,) = shown.drawn("forgetting", "unselected")
    assert list(drawn["epoch"]) == [0.0, 1.0]
    assert list(drawn["now"]) == [found.unselected.before, found.unselected.now]
    assert drawn["low"][1] == pytest.approx(found.unselected.before + found.unselected.low)
    assert found.sentence in shown.studio.note
    assert [row[0] for row in shown.studio.table["rows"]] == ["selected", "unselected"]
    shown.look_at("curves")
    assert shown.studio.table == {}


def test_a_run_on_everything_says_that_nothing_can_be_forgotten(opened: Callable[..., Opened]) -> None:
    shown = opened().train([9.0], [2.0]).look_at("forgetting")
    assert "on everything" in shown.studio.note
    assert shown.studio.empty


def test_what_happened_is_listed_and_marked_with_its_number(opened: Callable[..., Opened]) -> None:
    shown = opened().train([9.0, 7.0, 6.0, 5.0], [0.001] * 4)
    ((sentence, remedy),) = shown.studio.happened
    assert sentence.startswith("Collapse in epoch 3")
    assert remedy == ""
    (marks,) = shown.drawn("curves", "marks")
    assert (list(marks["epoch"]), list(marks["number"])) == ([3.0], ["1"])
    assert list(marks["sentence"]) == [sentence]


def test_another_run_begins_on_empty_charts(opened: Callable[..., Opened], iris: Dataset) -> None:
    shown = opened().train([9.0, 7.0], [2.0, 3.0])
    token = shown.studio.token
    shown.start(iris, model_of(iris))
    shown.train([5.0], [1.0])
    assert list(shown.drawn("curves", "training")[0]["value"]) == [5.0]
    assert shown.studio.token != token


def test_both_themes_have_their_colours(opened: Callable[..., Opened]) -> None:
    shown = opened().train([9.0], [2.0])

    def colour() -> str:
        figure = shown.metrics._charts["curves"].panes[0].object
        (line,) = figure.select({"name": "training", "type": GlyphRenderer})
        return line.glyph.line_color

    assert colour() == charts.COLOURS["light"]["one"]
    shown.session.state.theme = "dark"
    shown.metrics.refresh()
    assert colour() == charts.COLOURS["dark"]["one"] == shown.studio.colours["one"]


def test_a_long_curve_loses_every_second_point_and_no_end() -> None:
    trace = Trace("epoch", "value")
    for at in range(3 * charts.MOST):
        trace.add([(float(at), float(-at))])
    held = trace.values("epoch")
    assert held == list(trace.source.data["epoch"])
    assert len(held) <= charts.MOST
    assert (held[0], held[-1]) == (0.0, 3.0 * charts.MOST - 1)
    assert np.diff(held).max() <= 12, "twice what would be even"


def test_the_epoch_that_is_looked_back_at_has_a_line(opened: Callable[..., Opened]) -> None:
    shown = opened().train([9.0, 7.0], [2.0, 3.0])
    lines = [line for pane in shown.metrics._charts["curves"].panes for line in pane.object.select(Span)]
    assert len(lines) == 3
    assert not any(line.visible for line in lines)
    shown.session.timeline.epoch = 1
    shown.metrics.refresh()
    assert [(line.location, line.visible) for line in lines] == 3 * [(1, True)]
    shown.session.timeline.epoch = None
    shown.metrics.refresh()
    assert not any(line.visible for line in lines)


def test_the_curves_of_a_run_beside_have_a_range_in_common_and_a_name(iris: Dataset) -> None:
    opened = Opened(iris, model_of(iris)).train([9.0, 8.0, 7.0, 6.0])
    steps = tuple(Step(n, 6, 10 * n, 60, {"loss": 20.0 - n}, {"loss": 30.0}, True, 1.0) for n in range(1, 7))
    opened.session.run_beside = SimpleNamespace(
        chosen=Beside("id", "another run", opened.run.job.model.convention, steps),
        requested="id",
        offered=lambda run: [("id", "another run")],
        choose=lambda run: None,
    )
    opened.metrics.refresh()
    (loss, *_) = opened.metrics._curves._charts.values()
    beside = loss.select_one({"name": "beside"}).data_source.data
    assert list(beside["epoch"]) == [1, 2, 3, 4, 5, 6]
    assert list(beside["value"]) == [19.0, 18.0, 17.0, 16.0, 15.0, 14.0]
    assert loss.x_range.end == 6
    assert loss.y_range.end > 30.0 > 6.0 > loss.y_range.start
    assert [name for name, *_ in opened.studio.key][2:] == ["“another run”", "“another run”, held out"]
    opened.session.run_beside.chosen, opened.session.run_beside.requested = None, ""
    opened.metrics.refresh()
    assert list(loss.select_one({"name": "beside"}).data_source.data["epoch"]) == []
    assert (loss.x_range.end, len(opened.studio.key)) == (4, 2)


def test_a_run_whose_loss_has_another_scale_is_not_drawn_beside(iris: Dataset) -> None:
    opened = Opened(iris, model_of(iris)).train([9.0, 8.0])
    said, asked = [], []
    opened.session.state.say = said.append
    opened.session.run_beside = SimpleNamespace(
        chosen=Beside("id", "another run", "Bernoulli on grey targets", ()),
        requested="id",
        offered=lambda run: [],
        choose=asked.append,
    )
    opened.metrics.refresh()
    assert asked == [""]
    assert "“another run”" in said[0]
    assert "Bernoulli" in said[0]


def test_a_stored_run_has_a_line_at_the_epoch_that_is_on_the_map(iris: Dataset) -> None:
    opened = Opened(iris, model_of(iris)).train([9.0, 8.0, 7.0])
    opened.session.shown_run = SimpleNamespace(recorded=opened.run)
    opened.session.timeline = SimpleNamespace(epoch=None, position=2.0)
    opened.metrics.refresh()
    assert {line.location for line in opened.metrics._curves._looked_at if line.visible} == {2}
    opened.session.timeline = SimpleNamespace(epoch=1, position=1.0)
    opened.metrics.refresh()
    assert {line.location for line in opened.metrics._curves._looked_at if line.visible} == {1}


def test_a_press_on_a_remedy_does_what_it_says(opened: Callable[..., Opened]) -> None:
    shown, done = opened(), []
    shown.session.remedy = done.append
    remedy = Remedy("Let the rest count 0.1", "rest", 0.1)
    shown.report.events.append(TrainingEvent("forgetting", 1, 10, "Forgetting in epoch 1: worse.", remedy))
    shown.train([9.0])
    assert shown.studio.happened == [["Forgetting in epoch 1: worse.", "Let the rest count 0.1"]]
    shown.metrics._on_message(SimpleNamespace(data={"remedy": 0}))
    shown.metrics._on_message(SimpleNamespace(data={"remedy": 7}))
    assert done == [remedy]
