"""Agreement of labels is what a comparison of all pairs gives."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.latent import agreement as module
from explorer.core.latent.agreement import agreement, searched


def by_hand(codes: np.ndarray, labels: np.ndarray, k: int) -> tuple[list[float], list[int]]:
    """Every pair compared; of equally far the lower row, of equal votes the nearest."""
    shares, winners = [], []
    for row in range(len(codes)):
        others = [other for other in range(len(codes)) if other != row]
        apart = {other: np.linalg.norm(codes[other].astype(float) - codes[row]) for other in others}
        nearest = [int(labels[other]) for other in sorted(others, key=lambda o: (apart[o], o))[:k]]
        shares.append(nearest.count(int(labels[row])) / len(nearest))
        votes = Counter(nearest)
        winners.append(next(label for label in nearest if votes[label] == max(votes.values())))
    return shares, winners


@pytest.mark.parametrize("latent", [1, 2, 5, 16, 40])
@pytest.mark.parametrize("k", [1, 4, 10])
def test_it_is_what_all_pairs_give(latent: int, k: int) -> None:
    rng = np.random.default_rng(latent)
    codes = rng.normal(size=(300, latent)).astype(np.float32)
    labels = rng.integers(0, 4, 300)
    found = agreement(codes, labels, k)
    shares, winners = by_hand(codes, labels, k)
    np.testing.assert_allclose(found.share, shares, rtol=1e-6)
    assert found.majority.tolist() == winners


@given(st.integers(2, 30), st.integers(1, 12), st.integers(0, 10_000))
def test_few_samples_and_samples_that_coincide(count: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Pairs at one place: more of them than the search looks at have no order.
    codes = np.repeat(rng.normal(size=(count, 2)), 2, axis=0).astype(np.float32)
    labels = rng.integers(0, 3, 2 * count)
    found = agreement(codes, labels, k)
    shares, winners = by_hand(codes, labels, k)
    np.testing.assert_allclose(found.share, shares, rtol=1e-6)
    assert found.majority.tolist() == winners


def test_where_all_coincide_a_sample_is_still_no_neighbour_of_its_own() -> None:
    labels = np.arange(50)
    found = agreement(np.zeros((50, 2), np.float32), labels)
    assert (found.share == 0).all()
    assert (found.majority != labels).all()


def test_separate_clusters_agree_and_a_stranger_does_not() -> None:
    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.normal(0, 0.1, (40, 2)), rng.normal(9, 0.1, (40, 2))]).astype(np.float32)
    labels = np.repeat([0, 1], 40)
    labels[0] = 1
    found = agreement(codes, labels)
    assert found.share[0] == 0
    assert found.majority[0] == 0
    assert (found.share[40:] == 1).all()


def test_very_many_are_judged_among_a_part_of_them() -> None:
    assert searched(70_000, 4_096) == 70_000
    assert searched(10_000_000, 2) == 10_000_000
    assert searched(1_000_000, 20) == 10_000
    rng = np.random.default_rng(1)
    codes = rng.normal(size=(400, 8)).astype(np.float32)
    labels = (codes[:, 0] > 0).astype(np.int64)
    part = np.sort(np.random.default_rng(0).choice(400, 120, replace=False))
    found = agreement(codes, labels, among=120)
    for row in range(400):
        others = part[part != row]
        order = np.argsort(np.linalg.norm(codes[others].astype(float) - codes[row], axis=1), kind="stable")
        assert found.share[row] == pytest.approx((labels[others[order[:10]]] == labels[row]).mean())


def test_it_reports_and_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", 10)
    codes, labels = np.random.default_rng(0).normal(size=(35, 2)).astype(np.float32), np.arange(35) % 2
    shares: list[float] = []
    agreement(codes, labels, progress=shares.append)
    assert shares == [10 / 35, 20 / 35, 30 / 35, 1.0]
    with pytest.raises(Cancelled, match="after 0 of 35"):
        agreement(codes, labels, stop=lambda: True)
    with pytest.raises(ExplorerError, match="at least two"):
        agreement(codes[:1], labels[:1])
