"""Two maps of the same samples, side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from explorer.core.errors import ExplorerError
from explorer.core.quality import bootstrap, class_measures
from explorer.core.quality.change import compare
from explorer.core.quality.measure import MEASURES, measure


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "RESAMPLES", 100)
        patch.setattr(class_measures, "_DEALT", 3_000)
        yield


def samples(n: int = 150) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, n)
    return 2 * random.normal(size=(3, 5))[labels] + random.normal(size=(n, 5)), labels


def test_a_better_map_is_called_better_and_a_worse_one_worse() -> None:
    x, labels = samples()
    random = np.random.default_rng(1)
    good, bad = measure(x, x[:, :3], labels), measure(x, random.normal(size=(150, 2)), labels)
    found, back = compare(bad, good), compare(good, bad)
    for name in MEASURES:
        assert found[name].verdict == "better"
        assert back[name].verdict == "worse"
        assert found[name].change == pytest.approx(good[name].value - bad[name].value)
        assert found[name].low < found[name].change < found[name].high
        assert back[name].change == -found[name].change


def test_a_map_and_itself_turned_are_alike() -> None:
    x, labels = samples()
    found = compare(measure(x, x[:, :2], labels), measure(x, x[:, 1::-1], labels))
    for change in found.changes:
        assert (change.change, change.low, change.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
        assert change.before.low < change.before.high


def test_the_change_of_pairs_is_surer_than_two_figures() -> None:
    x, labels = samples()
    noise = 0.1 * np.random.default_rng(2).normal(size=(150, 2))
    found = compare(measure(x, x[:, :2], labels), measure(x, x[:, :2] + noise, labels))
    for name in ("distance correlation", "silhouette", "continuity"):
        change = found[name]
        assert change.high - change.low < 0.7 * (change.after.high - change.after.low)


def test_the_table_has_a_row_a_measure() -> None:
    x, _ = samples()
    before, after = measure(x, x[:, :2]), measure(x, x[:, :3])
    frame = compare(before, after).frame()
    assert frame.index.tolist() == list(MEASURES)
    assert frame.loc["continuity", "before"] == before["continuity"].value
    assert frame.loc["continuity", "after_low"] == after["continuity"].low
    assert frame.loc["neighbour preservation", "baseline"] == 10 / 149
    assert frame.loc["silhouette"].iloc[:-1].isna().all()
    assert frame.loc["silhouette", "verdict"] == "the data have no labels"
    assert frame.dtypes.iloc[:-1].eq(float).all()
    collapsed = compare(before, measure(x, np.zeros((150, 2))))["distance correlation"]
    assert (collapsed.change, collapsed.verdict) == (None, "all samples are at one place of the map")


def test_what_was_not_measured_alike_is_not_compared() -> None:
    x, _ = samples()
    before = measure(x, x[:, :2])
    for other, said in (
        (measure(x[:100], x[:100, :2]), "150 samples and the other with 100"),
        (measure(x, x[:, :2], k=5), "10 neighbours"),
        (measure(x, x[:, :2], seed=1), "0 as seed"),
        (measure(x, x[:, :2], most=100), "150 measured samples"),
    ):
        with pytest.raises(ExplorerError, match=said):
            compare(before, other)
