from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.datasets import load_iris

from explorer.core.errors import ExplorerError
from explorer.core.latent import knn
from explorer.core.latent.support import Neighbours

# A tree serves few dimensions and a comparison with every sample many: the laws hold for both.
DIMENSIONS = pytest.mark.parametrize("latent", [1, 2, 5, 10, 12])


def cloud(latent: int, count: int = 600, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = 3 * random.normal(size=(4, latent))
    return (centres[random.integers(0, 4, count)] + random.normal(size=(count, latent))).astype(np.float32)


def radius(mean: np.ndarray, z: np.ndarray, k: int, without: int | None = None) -> float:
    """By the definition: the k-th smallest of all distances."""
    others = mean if without is None else np.delete(mean, without, 0)
    return float(np.sort(np.linalg.norm(others.astype(float) - z, axis=1))[k - 1])


@DIMENSIONS
def test_the_nearest_sample_is_the_one_a_search_of_all_finds(latent: int) -> None:
    mean = cloud(latent)
    neighbours = Neighbours(mean)
    for z in np.random.default_rng(1).normal(size=(40, latent)).astype(np.float32) * 4:
        apart = np.linalg.norm(mean.astype(float) - z, axis=1)
        index, distance = neighbours.nearest(z)
        assert index == apart.argmin()
        assert distance == pytest.approx(apart.min(), rel=1e-12)


@example(0, 25.0)
@given(st.integers(0, 10_000), st.floats(-5, 25))
def test_far_from_the_origin_single_precision_does_not_decide(seed: int, magnitude: float) -> None:
    """Distances there are as small as the rounding of the coordinates."""
    random = np.random.default_rng(seed)
    mean = (random.normal(size=(300, 12)) * 10.0**magnitude).astype(np.float32)
    mean[:100] = mean[0] + (random.normal(size=(100, 12)) * 10.0 ** (magnitude - 5)).astype(np.float32)
    z = mean[7] + np.float32(10.0 ** (magnitude - 6))
    apart = np.linalg.norm(mean.astype(float) - z.astype(float), axis=1)
    assert Neighbours(mean).nearest(z)[1] == pytest.approx(apart.min(), rel=1e-9)


def test_samples_that_single_precision_cannot_tell_apart_are_told_apart() -> None:
    """On a sphere about the place, where the distances differ by less than their rounding."""
    mean = np.random.default_rng(0).normal(size=(3_000, 12))
    mean = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
    apart = np.linalg.norm(mean.astype(float), axis=1)
    assert np.ptp(apart) < 1e-6
    assert Neighbours(mean).nearest(np.zeros(12)) == (apart.argmin(), pytest.approx(apart.min(), rel=1e-15))


@pytest.mark.parametrize("latent", [8, 10, 12, 20])
def test_a_tree_and_a_comparison_with_every_sample_agree(latent: int) -> None:
    """Near the cloud and far from it, to the last row: so either may serve, and only speed chooses."""
    mean = cloud(latent, 3_000)
    tree, every = knn.Tree(mean), knn.Every(mean)
    for scale in (0.1, 4.0, 100.0):
        for z in scale * np.random.default_rng(1).normal(size=(10, latent)):
            (distances, rows), (others, of_every) = tree.query(z, 11), every.query(z, 11)
            np.testing.assert_array_equal(rows, of_every)
            np.testing.assert_allclose(distances, others, rtol=1e-12)


@DIMENSIONS
def test_support_is_the_share_of_samples_whose_own_radius_is_larger(latent: int) -> None:
    mean, k = cloud(latent), 7
    neighbours = Neighbours(mean, k=k)
    own = np.array([radius(mean, z, k, without=row) for row, z in enumerate(mean)])
    for z in np.random.default_rng(1).normal(size=(20, latent)).astype(np.float32) * 4:
        assert neighbours.support(z) == pytest.approx((own > radius(mean, z, k)).mean(), abs=1e-9)
    ranks = np.array([neighbours.support(z) for z in mean])
    # At the samples themselves it is their rank; two that are each other's k-th neighbour share one.
    np.testing.assert_allclose(ranks, (rankdata(-own.round(9)) - 0.5) / len(mean), atol=1e-9)
    assert ranks.mean() == pytest.approx(0.5)


def test_support_falls_from_the_crowd_to_nothing_far_away() -> None:
    random = np.random.default_rng(0)
    mean = random.normal(size=(2_000, 2)).astype(np.float32)
    neighbours = Neighbours(mean, k=50)
    supports = [neighbours.support(np.array([x, 0.0])) for x in (0.0, 2.0, 50.0)]
    assert supports[0] > 0.8
    assert 0.01 < supports[1] < 0.4
    assert supports[2] == 0.0


def test_a_subsample_ranks_nearly_as_all_do(monkeypatch: pytest.MonkeyPatch) -> None:
    mean = cloud(12, 5_000)
    every = Neighbours(mean)
    monkeypatch.setattr(knn.Every, "affordable", lambda self, wanted: min(wanted, 1_000))
    some, again = Neighbours(mean, seed=1), Neighbours(mean, seed=1)
    places = cloud(12, 50, seed=3)
    exact = np.array([every.support(z) for z in places])
    # Four standard errors of a share of 1,000.
    np.testing.assert_allclose([some.support(z) for z in places], exact, atol=4 * 0.5 / math.sqrt(1_000))
    assert [some.support(z) for z in places] == [again.support(z) for z in places]
    assert [some.nearest(z) for z in places] == [every.nearest(z) for z in places]
    rough, full = some.densities(), every.densities()
    assert np.corrcoef(rough, full)[0, 1] > 0.8


def test_coinciding_samples_are_each_others_neighbours() -> None:
    mean = np.array([[0, 0], [0, 0], [1, 0], [5, 0]], dtype=np.float32)
    neighbours = Neighbours(mean, k=1)
    # Radii: 0, 0, 1, 4.
    assert [neighbours.support(z) for z in mean] == [0.75, 0.75, 0.375, 0.125]
    assert neighbours.support(np.array([4.5, 0.0])) == 0.5
    assert np.isfinite(neighbours.densities()).all()


@DIMENSIONS
def test_the_vote_is_the_majority_of_the_nearest_training_samples(latent: int) -> None:
    mean, train, k = cloud(latent), 400, 9
    labels = np.random.default_rng(1).integers(0, 3, len(mean))
    neighbours = Neighbours(mean, labels, k=k, train=train)
    for z in np.random.default_rng(2).normal(size=(30, latent)).astype(np.float32) * 3:
        rows = np.argsort(np.linalg.norm(mean[:train].astype(float) - z, axis=1))[:k]
        counts = np.bincount(labels[rows])
        predicted = neighbours.vote(z)
        assert predicted is not None
        assert counts[predicted[0]] == counts.max()
        assert predicted[1] == pytest.approx(counts.max() / k)


def test_of_classes_with_equally_many_votes_the_nearest_sample_decides() -> None:
    mean = np.array([[1.0], [2.0], [3.0], [4.0]], dtype=np.float32)
    neighbours = Neighbours(mean, np.array([1, 0, 0, 1]), k=4)
    assert neighbours.vote(np.array([0.0])) == (1, 0.5)
    assert neighbours.vote(np.array([2.4])) == (0, 0.5)


def test_without_labels_there_is_no_vote() -> None:
    assert Neighbours(cloud(2)).vote(np.zeros(2)) is None


def test_all_at_once_is_each_for_itself() -> None:
    iris = load_iris()
    mean = iris.data.astype(np.float32)
    neighbours = Neighbours(mean, iris.target, train=120)
    for z in mean[::17] + np.float32(0.1):
        around = neighbours.around(z)
        assert (around.nearest, around.distance) == neighbours.nearest(z)
        assert around.support == neighbours.support(z)
        assert around.predicted == neighbours.vote(z)


def test_the_density_estimate_finds_a_known_density() -> None:
    """Standard normal in the plane: log density at the samples, by the formula."""
    mean = np.random.default_rng(0).normal(size=(20_000, 2)).astype(np.float32)
    densities = Neighbours(mean, k=30).densities()
    known = -np.square(mean).sum(1) / 2 - math.log(2 * math.pi)
    inside = known > -4
    # The logarithm of a radius estimate of k neighbours scatters by about 1 / sqrt(k).
    assert abs(float((densities - known)[inside].mean())) < 0.05
    assert float((densities - known)[inside].std()) < 1.3 / math.sqrt(30)
    assert densities.dtype == np.float32


def test_few_samples_have_as_many_neighbours_as_there_are() -> None:
    mean = np.array([[0.0, 0.0], [1.0, 1.0]], dtype=np.float32)
    neighbours = Neighbours(mean, np.array([0, 1]), k=10, train=1)
    assert neighbours.k == 1
    assert neighbours.vote(np.array([0.9, 0.9])) == (0, 1.0)
    assert neighbours.around(np.array([0.2, 0.0])).nearest == 0


def test_what_cannot_be_asked_is_one_sentence() -> None:
    with pytest.raises(ExplorerError, match="at least two samples and got 1"):
        Neighbours(np.zeros((1, 2), dtype=np.float32))
    with pytest.raises(ExplorerError, match="cannot be 0"):
        Neighbours(cloud(2), k=0)
    neighbours = Neighbours(cloud(2))
    for z in (np.zeros(3), np.array([0.0, np.nan])):
        with pytest.raises(ExplorerError, match="has 2 finite latent coordinates"):
            neighbours.nearest(z)
