"""The benchmark's own arithmetic: a wrong quantile or verdict would be believed for years."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import models
from benchmarks import passing, studio, table, targets, workload
from benchmarks.arithmetic import Figure, answers, figure, paired_ratios, quantile, rate
from benchmarks.targets import TARGETS, Target
from explorer.core.datasets import load_dataset
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.store import RunStore

FINITE = st.floats(-1e6, 1e6)


@given(st.lists(FINITE, min_size=1, max_size=50))
def test_quartiles_enclose_the_median_and_lie_within_the_data(values: list[float]) -> None:
    middle = figure(values)
    assert min(values) <= middle.low <= middle.value <= middle.high <= max(values)
    assert middle.n == len(values)


def test_a_quantile_is_interpolated_between_its_neighbours() -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert quantile(list(range(101)), 0.95) == 95.0
    with pytest.raises(ValueError, match="no value"):
        quantile([], 0.5)


def test_a_machine_that_slows_down_steadily_leaves_a_paired_ratio_alone() -> None:
    alone = [1000.0, 900.0, 800.0, 700.0]
    hovered = [0.8 * 950.0, 0.8 * 850.0, 0.8 * 750.0]
    assert paired_ratios(alone, hovered) == pytest.approx([0.8, 0.8, 0.8])
    with pytest.raises(ValueError, match="need 3 around them"):
        paired_ratios([1.0, 1.0], [1.0, 1.0])


def test_images_drawn_into_one_frame_of_the_screen_count_once() -> None:
    frames = [16.0 * index for index in range(126)]  # 0 to 2,000 ms
    assert rate(frames, 0.0, 2000.0) == 63.0
    assert rate([*frames, *frames], 0.0, 2000.0) == 63.0
    assert rate(frames, 1000.0, 2000.0) == 63.0  # what lies outside the interval does not count
    with pytest.raises(ValueError, match="no length"):
        rate(frames, 5.0, 5.0)


def test_an_answer_belongs_to_the_question_before_it() -> None:
    delays, lost = answers([0.0, 100.0, 200.0, 300.0], [12.0, 15.0, 130.0, 390.0], patience=80.0)
    assert delays == [12.0, 30.0]
    assert lost == 2  # one had no image before the next move, one came too late


@pytest.mark.parametrize(
    ("bound", "value", "met"),
    [
        ("<= 16", 16.0, True),
        ("<= 16", 16.1, False),
        (">= 58", 58.0, True),
        (">= 58", 57.9, False),
        ("", 1.0, None),
    ],
)
def test_a_bound_is_kept_or_not(bound: str, value: float, met: bool | None) -> None:
    assert Target("a.b", "a", "work", "ms", bound).met(value) is met


def test_every_target_can_be_read_and_has_a_key_of_its_own() -> None:
    assert len({target.key for target in TARGETS}) == len(TARGETS)
    for target in TARGETS:
        assert target.limit is None or target.limit > 0
        assert target.met(None) is None
    with pytest.raises(ValueError, match="write '<= number'"):
        _ = Target("a.b", "a", "work", "ms", "under 16").limit


def test_a_cloud_of_an_unusual_size_is_shown_and_not_judged() -> None:
    row = targets.target("zoom.100k")
    assert "100k points" in row.work
    assert row.limit is None
    assert targets.target("zoom.10M").limit == 110.0
    assert targets.size_name(10_000_000) == "10M"
    with pytest.raises(KeyError, match="no row"):
        targets.target("nothing.1M")


def test_a_ratio_above_one_is_better_whichever_way_the_row_counts(tmp_path: Path) -> None:
    def one(value: float) -> Figure:
        return Figure(value, 3, value, value)

    figures = {
        "drag.10M": {"stock": one(0.0), "ours": one(12.0)},
        "hover.p50": {"stock": one(30.0), "ours": one(15.0)},
        "hover.rate": {"stock": one(30.0), "ours": one(45.0)},
        "lasso.1M": {"ours": one(0.05)},
    }
    rows = {row.target.key: row for row in table.rows(figures)}
    assert list(rows) == ["hover.p50", "hover.rate", "drag.10M", "lasso.1M"]  # the design's order
    assert [rows[key].ratio for key in rows] == [2.0, 1.5, None, None]
    assert [rows[key].verdict for key in rows] == ["met", "not met", "met", "met"]

    path = tmp_path / "deep" / "results.json"
    table.write(path, list(rows.values()), ["a note"], {"cores": 2})
    kept = json.loads(path.read_text())
    assert kept["machine"] == {"cores": 2}
    assert kept["rows"][0]["ours"]["value"] == 15.0
    assert list(path.parent.iterdir()) == [path]


def test_rows_measured_later_take_their_place_and_say_so(tmp_path: Path) -> None:
    def one(value: float) -> Figure:
        return Figure(value, 3, value, value)

    path = tmp_path / "results.json"
    before = {"solid.1M": {"ours": one(9.0)}, "hover.p50": {"stock": one(30.0), "ours": one(15.0)}}
    table.write(path, table.rows(before), ["at first"], {"load": 0.5})
    for value, load in ((12.0, 3.0), (16.0, 1.0)):
        rows = table.rows({"solid.1M": {"ours": one(value)}, "globe.60k": {"ours": one(20.0)}})
        every, notes, later = table.merged(path, rows)
        table.write(path, every, notes, {"load": 0.5}, [*later, table.part(rows, ["again"], {"load": load})])
    kept = json.loads(path.read_text())
    assert [row["key"] for row in kept["rows"]] == ["hover.p50", "solid.1M", "globe.60k"]
    assert [row["ours"]["value"] for row in kept["rows"]] == [15.0, 16.0, 20.0]
    assert kept["rows"][0]["stock"]["value"] == 30.0
    assert kept["rows"][1]["verdict"] == "met"
    assert (kept["machine"], kept["notes"]) == ({"load": 0.5}, ["at first"])
    # Of the part in between nothing is left in the table, so nothing of it is on record.
    assert kept["later"] == [
        {"keys": ["solid.1M", "globe.60k"], "machine": {"load": 1.0}, "notes": ["again"]}
    ]


def test_the_table_is_aligned_and_says_what_was_not_measured() -> None:
    rows = table.rows({"hover.p50": {"stock": Figure(25.5, 9, 25.0, 26.0)}})
    lines = table.text(rows, ["a note"]).splitlines()
    assert len({len(line) for line in lines[:3]}) == 1
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "cursor to decoded image, single moves, p50", "ms", "25.5", "-", "-", "<= 16", "-",
    ]  # fmt: skip
    assert lines[-1] == "- a note"


@pytest.mark.parametrize(
    ("value", "text"), [(1234.6, "1,235"), (99.44, "99.4"), (0.046, "0.05"), (0.0, "0.00")]
)
def test_numbers_are_written_to_be_read(value: float, text: str) -> None:
    assert table.number(value) == text


def test_both_apps_are_given_the_same_cloud_and_the_same_model() -> None:
    positions, labels = workload.mixture(2_000)
    again, _ = workload.mixture(2_000)
    assert positions.dtype == np.float32
    assert np.array_equal(positions, again)
    assert set(labels) == set(range(workload.CLASSES))
    first, second = (workload.autoencoder((1, 28, 28)).eval() for _ in range(2))
    z = torch.from_numpy(positions[:8])
    assert torch.equal(first.decode(z), second.decode(z))
    widths = [layer.out_features for layer in first.decoder if isinstance(layer, torch.nn.Linear)]
    assert widths == [256, 400, 784]


def test_only_training_batches_are_counted_and_another_process_could_read_them(tmp_path: Path) -> None:
    writer, reader = workload.Counter(tmp_path / "trained"), workload.Counter(tmp_path / "trained")
    model = workload.autoencoder((1, 4, 4))
    kind = type("Counted", (type(model),), {})
    workload.count_training(kind, writer)
    model.__class__ = kind
    batch = torch.full((5, 1, 4, 4), 0.5)
    model.clone().loss(batch)
    with torch.inference_mode():
        model.loss(batch)
    assert reader.read() == 5
    writer.close()
    reader.close()


def test_a_batch_takes_until_the_next_one_and_the_last_of_an_epoch_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, now = workload.Counter(tmp_path / "trained"), [0.0]
    monkeypatch.setattr(workload.time, "perf_counter", lambda: now[0])
    model = workload.autoencoder((1, 4, 4))
    kind = type("Timed", (type(model),), {})
    workload.count_training(kind, counter)
    model.__class__ = kind
    for size, seconds in ((workload.BATCH, 2.0), (workload.BATCH, 3.0), (10, 60.0), (workload.BATCH, 5.0)):
        model.loss(torch.full((size, 1, 4, 4), 0.5))
        now[0] += seconds
    assert counter.timed() == (2 * workload.BATCH, 5.0)
    assert counter.read() == 3 * workload.BATCH + 10
    counter.close()


def test_the_bare_loop_of_the_studio_gets_all_classes_but_one() -> None:
    digits = load_dataset("digits")
    fewer = studio.all_but_one(digits)
    assert studio.LEFT_OUT not in set(fewer.train.y.tolist())
    assert len(fewer.train) == (digits.train.y != studio.LEFT_OUT).sum()
    assert fewer.shape == digits.shape


def test_the_made_up_training_ends_where_the_cloud_is(tmp_path: Path) -> None:
    positions, labels = workload.mixture(70)
    codes = passing.course_of(positions, epochs=4)
    assert len(codes) == 5
    np.testing.assert_array_equal(codes[-1], positions)
    assert not np.allclose(codes[0], positions)
    dataset = workload.cloud_data(labels)
    store = RunStore(tmp_path / "runs")
    model = models.create("vae", shape=dataset.shape, body="dense", width=0.25)
    run, last = passing.keep(store, dataset, model, positions)
    kept = KeptRun(store, store.find(run))
    assert (kept.record.state.value, kept.record.epoch, last) == ("done", 100, 100)
    np.testing.assert_allclose(kept.codes(100), positions, atol=1e-3)


def test_ten_million_images_are_one_image() -> None:
    labels = np.zeros(70, dtype=np.int64)
    dataset = workload.cloud_data(labels)
    assert len(dataset) == 70
    assert (len(dataset.train), len(dataset.test)) == (60, 10)
    assert dataset.x.strides[0] == 0
    assert dataset.shape == dataset.x.shape[1:]
