"""The quality of a map, against loops over the definitions and against scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.datasets import load_iris
from sklearn.manifold import trustworthiness as of_sklearn
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier

import models
from explorer.core.datasets import load_dataset
from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.latent.cloud import encode
from explorer.core.quality import bootstrap, class_measures, rank_measures
from explorer.core.quality import measure as quality
from explorer.core.quality.bootstrap import Pairs, drawn_pairs
from explorer.core.quality.class_measures import Classes
from explorer.core.quality.distances import Space
from explorer.core.quality.measure import MEASURES, held_out, measure, trustworthiness
from explorer.core.quality.rank_measures import random_trustworthiness

WITHOUT_LABELS = tuple(MEASURES)[:4]


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterator[None]:
    """Intervals have tests of their own, with more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "RESAMPLES", 40)
        patch.setattr(class_measures, "_DEALT", 3_000)
        yield


def mapped(
    n: int = 120, dims: int = 6, seed: int = 0, noise: float = 0.3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples in groups, where a noisy map has them, and their groups."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, n)
    x = (1.5 * random.normal(size=(4, dims))[labels] + random.normal(size=(n, dims))).astype(np.float32)
    places = (x[:, :2] + noise * random.normal(size=(n, 2))).astype(np.float32)
    return x, places, labels


def apart(points: np.ndarray, sphere: bool = False) -> np.ndarray:
    points = points.astype(float).reshape(len(points), -1)
    if sphere:
        return np.arccos(np.clip(points @ points.T, -1, 1))
    return np.linalg.norm(points[:, None] - points[None], axis=2)


def listed(distances: np.ndarray, row: int) -> list[int]:
    """The others of a row, nearest first."""
    return [int(other) for other in np.argsort(distances[row], kind="stable") if other != row]


def by_the_definitions(x: np.ndarray, places: np.ndarray, k: int, sphere: bool = False) -> list[float]:
    """Trustworthiness, continuity and preservation by loops over samples and neighbours."""
    n, there, here = len(x), apart(x), apart(places, sphere)
    intruders = torn = kept = 0
    for row in range(n):
        similar, near = listed(there, row), listed(here, row)
        intruders += sum(max(0, similar.index(other) + 1 - k) for other in near[:k])
        torn += sum(max(0, near.index(other) + 1 - k) for other in similar[:k])
        kept += len(set(near[:k]) & set(similar[:k]))
    scale = n * k * (2 * n - 3 * k - 1) if 2 * k < n else n * (n - k) * (n - k - 1)
    return [1 - 2 * intruders / scale, 1 - 2 * torn / scale, kept / (n * k)]


@pytest.mark.parametrize("k", [1, 5, 30, 59, 60, 90, 118])
@pytest.mark.parametrize("dims", [6, 50])
def test_measures_of_order_are_those_of_the_definitions(k: int, dims: int) -> None:
    x, places, _ = mapped(dims=dims)
    found = measure(x, places, k=k)
    values = [found[name].value for name in WITHOUT_LABELS[:3]]
    np.testing.assert_allclose(values, by_the_definitions(x, places, k), rtol=1e-12)
    pairs = np.triu_indices(len(x), 1)
    wanted = spearmanr(apart(x)[pairs], apart(places)[pairs]).statistic
    assert found["distance correlation"].value == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("k", [1, 5, 30])
def test_what_scikit_learn_has_is_what_it_says(k: int) -> None:
    x, places, labels = mapped()
    found = measure(x, places, labels, k=k)
    assert found["trustworthiness"].value == pytest.approx(of_sklearn(x, places, n_neighbors=k), rel=1e-12)
    assert found["continuity"].value == pytest.approx(of_sklearn(places, x, n_neighbors=k), rel=1e-12)
    assert found["silhouette"].value == pytest.approx(silhouette_score(places, labels), rel=1e-6)


@pytest.mark.parametrize("k", [1, 3, 7])
def test_accuracy_is_that_of_a_classifier_without_the_sample(k: int) -> None:
    x, places, labels = mapped()
    labels = labels % 2  # an odd number of votes then leaves no ties, which scikit-learn breaks otherwise
    right = 0
    for row in range(len(x)):
        others = np.arange(len(x)) != row
        classifier = KNeighborsClassifier(k).fit(places[others], labels[others])
        right += classifier.predict(places[row : row + 1])[0] == labels[row]
    assert measure(x, places, labels, k=k)["k-NN accuracy"].value == pytest.approx(right / len(x))


def test_of_classes_with_equally_many_votes_the_nearest_has_it() -> None:
    places = np.array([[0.0], [1.0], [2.1], [3.3], [4.6]])
    # Votes of two: sample 0 (1 and 2), 1 (0 and 2), 2 (1 and 3), 3 (2 and 4), 4 (3 and 2).
    labels = np.array([7, 7, 5, 5, 5])
    right = [7 == 7, 7 == 7, 7 == 5, 5 == 5, 5 == 5]
    assert measure(places, places, labels, k=2)["k-NN accuracy"].value == np.mean(right)


def test_on_a_sphere_distances_are_angles() -> None:
    random = np.random.default_rng(0)
    x, _, labels = mapped(80, 3)
    places = x + 0.5 * random.normal(size=x.shape)
    places = (places / np.linalg.norm(places, axis=1, keepdims=True)).astype(np.float32)
    found = measure(x, places, labels, k=7, sphere=True)
    np.testing.assert_allclose(
        [found[name].value for name in WITHOUT_LABELS[:3]],
        by_the_definitions(x, places, 7, sphere=True),
        rtol=1e-12,
    )
    angles = apart(places, sphere=True)
    np.fill_diagonal(angles, 0.0)
    wanted = silhouette_score(angles, labels, metric="precomputed")
    assert found["silhouette"].value == pytest.approx(wanted, rel=1e-5)
    assert measure(x, places, labels, k=7)["silhouette"].value != pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize(("n", "dims"), [(40, 3), (200, 8), (460, 40)])
def test_a_random_map_scores_the_baseline(n: int, dims: int) -> None:
    x, _, labels = mapped(n, dims, seed=n)
    found = measure(x, np.random.default_rng(1).normal(size=(n, 2)), labels, k=7, seed=3)
    for each in found.measures:
        assert each.low <= each.baseline <= each.high, each.name
    again = measure(x, np.random.default_rng(1).normal(size=(n, 2)), labels, k=7, seed=3)
    assert [each.value for each in again.measures] == [each.value for each in found.measures]
    assert [each.baseline for each in again.measures] == [each.baseline for each in found.measures]


@pytest.mark.parametrize(("n", "k"), [(12, 3), (12, 8), (30, 5)])
def test_closed_forms_of_baselines_are_the_means_over_random_maps(n: int, k: int) -> None:
    x, _, _ = mapped(n)
    random = np.random.default_rng(0)
    found = np.array([by_the_definitions(x, random.normal(size=(n, 2)), k) for _ in range(300)])
    wanted = [random_trustworthiness(n, k), random_trustworthiness(n, k), k / (n - 1)]
    np.testing.assert_array_less(abs(found.mean(0) - wanted), 4 * found.std(0) / np.sqrt(len(found)))


def test_the_baseline_of_accuracy_is_the_vote_of_random_others(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.repeat([0, 1, 2], [100, 60, 40])
    monkeypatch.setattr(class_measures, "_DEALT", 20_000)
    x = np.random.default_rng(0).normal(size=(200, 3))
    random = np.random.default_rng(1)
    right = []
    for _ in range(4_000):
        own, *others = labels[random.choice(200, 6, replace=False)]
        counts = np.bincount(others)
        right.append((own == np.flatnonzero(counts == counts.max())).mean() if own < len(counts) else 0.0)
    error = np.std(right) / np.sqrt(len(right))
    assert abs(measure(x, x, labels, k=5)["k-NN accuracy"].baseline - np.mean(right)) < 4 * error


def test_a_collapsed_map_does_no_better_than_a_random_one() -> None:
    """The samples are sorted by class: an order of ties by number would make it look perfect."""
    x, _, labels = mapped(200)
    order = np.argsort(labels)
    found = measure(x[order], np.zeros((200, 2)), labels[order], k=7)
    for name in ("trustworthiness", "continuity", "neighbour preservation", "k-NN accuracy"):
        assert found[name].value == pytest.approx(found[name].baseline, abs=0.05), name
    assert found["silhouette"].value == 0.0
    correlation = found["distance correlation"]
    assert (correlation.value, correlation.reason) == (None, "all samples are at one place of the map")


@pytest.mark.parametrize("dims", [2, 40])
@pytest.mark.parametrize("k", [1, 10, 60])
def test_data_as_a_map_of_themselves_keep_all_even_where_samples_repeat(dims: int, k: int) -> None:
    x, _, _ = mapped(60, dims)
    x = np.concatenate([x, x[:30], x[:30], x[:30]])
    found = measure(x, x.reshape(len(x), -1), k=k)
    for name in WITHOUT_LABELS:
        assert found[name].value == pytest.approx(1.0), name
    assert (found.trustworthiness == 1).all()


@settings(max_examples=15)
@given(st.integers(0, 1_000), st.integers(4, 40), st.data())
def test_all_measures_are_in_their_range_and_know_no_order(seed: int, n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, n - 2))
    random = np.random.default_rng(seed)
    x, places = random.normal(size=(n, 3)), random.normal(size=(n, 2))
    labels = np.arange(n) % 2
    found, order = measure(x, places, labels, k=k), random.permutation(n)
    again = measure(x[order], places[order], labels[order], k=k)
    for each, other in zip(found.measures, again.measures, strict=True):
        assert (-1 if each.name in ("distance correlation", "silhouette") else 0) <= each.value <= 1
        assert each.low <= each.high
        assert other.value == pytest.approx(each.value, abs=1e-9)
    assert ((found.trustworthiness >= 0) & (found.trustworthiness <= 1)).all()
    assert found.trustworthiness.mean() == pytest.approx(found["trustworthiness"].value, abs=1e-6)
    np.testing.assert_allclose(trustworthiness(x, places, k=k), found.trustworthiness)
    np.testing.assert_allclose(again.trustworthiness, found.trustworthiness[order], atol=1e-6)


@settings(max_examples=8)
@given(st.sampled_from([1e-30, 1e-6, 1e6, 1e30]), st.integers(-100, 100))
def test_units_and_origin_change_nothing(scale: float, shift: int) -> None:
    x, places, labels = mapped(50)
    found, other = (
        measure(x, places, labels),
        measure(scale * x, scale * (places.astype(float) + shift), labels),
    )
    for each, moved in zip(found.measures, other.measures, strict=True):
        assert moved.value == pytest.approx(each.value, rel=1e-3)


@pytest.mark.parametrize("dims", [3, 40])
def test_one_far_outlier_leaves_the_others_their_order(dims: int) -> None:
    x, places, _ = mapped(100, dims)
    far = np.concatenate([x, np.full((1, dims), 1e5, np.float32)])
    found = measure(far, np.concatenate([places, [[1e5, 1e5]]]), k=5)
    assert found["trustworthiness"].value == pytest.approx(
        measure(x, places, k=5)["trustworthiness"].value, abs=0.01
    )


def test_the_interval_holds_what_fresh_samples_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nineteen in twenty should hold the mean over fresh samples of the same number."""
    monkeypatch.setattr(bootstrap, "RESAMPLES", 100)
    x, places, labels = mapped(2_000, seed=5)
    found = [
        measure(x[rows], places[rows], labels[rows], k=5, seed=at)
        for at, rows in enumerate(np.arange(2_000).reshape(25, 80))
    ]
    for name in MEASURES:
        values = np.array([each[name].value for each in found])
        held = np.mean([each[name].low <= values.mean() <= each[name].high for each in found])
        spread = np.mean([each[name].draws.std() for each in found])
        assert held >= 0.8, name
        # Leaving one out errs to the safe side (Efron and Stein 1981), most where neighbours are counted.
        assert 0.75 < spread / values.std() < 2.2, name


@pytest.mark.parametrize("k", [1, 4, 30])
def test_pseudo_values_are_those_of_leaving_each_sample_out(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, places, labels = mapped(32)
    caught = []
    monkeypatch.setattr(
        quality, "resampled", lambda values, *rest, **more: caught.append(values) or (values, None)
    )
    found = measure(x, places, labels, k=k)
    n, names = 32, ["trustworthiness", "continuity", "neighbour preservation", "k-NN accuracy", "silhouette"]
    pseudo = caught.pop()
    np.testing.assert_allclose(pseudo.mean(0), [found[name].value for name in names])
    if k > n - 3:
        return
    wanted = np.empty((n, 5))
    for row in range(n):
        others = np.arange(n) != row
        left = measure(x[others], places[others], labels[others], k=k)
        wanted[row] = [n * found[name].value - (n - 1) * left[name].value for name in names]
    wanted -= wanted.mean(0) - pseudo.mean(0)
    np.testing.assert_allclose(pseudo[:, :4], wanted[:, :4], atol=1e-9)


def test_pseudo_values_of_the_silhouette_are_nearly_those_of_leaving_each_sample_out() -> None:
    _, places, labels = mapped(160)
    n, apart_there = len(places), Space(places, "places")
    every = np.arange(n)
    classes = Classes(labels, 0)
    figures = np.concatenate(
        [
            classes.judge(some)
            for some in rank_measures.neighbourhoods(
                apart_there, apart_there, every, every, 3, 0, stop=lambda: False, progress=lambda share: None
            )
        ]
    )
    pseudo, whole = classes.pseudo_values(figures)[:, 1], silhouette_score(places, labels)
    left = [silhouette_score(np.delete(places, row, 0), np.delete(labels, row)) for row in every]
    wanted = n * whole - (n - 1) * np.array(left)
    assert np.corrcoef(pseudo, wanted)[0, 1] > 0.97
    assert np.corrcoef(pseudo, wanted)[0, 1] > np.corrcoef(figures[:, 1], wanted)[0, 1]
    assert pseudo.std() == pytest.approx(wanted.std(), rel=0.1)


def test_the_correlation_over_drawn_samples_is_that_of_repeated_rows() -> None:
    x, places, _ = mapped(30)
    first, second = drawn_pairs(30, 0)
    there, here = apart(x), apart(places)
    counts = np.bincount(np.random.default_rng(0).integers(0, 30, 30), minlength=30)
    repeated = np.repeat(np.arange(30), counts)
    i, j = np.triu_indices(30, 1)
    i, j = repeated[i], repeated[j]
    i, j = i[i != j], j[i != j]  # a sample and its copy are no pair
    wanted = spearmanr(there[i, j].astype(np.float32), here[i, j].astype(np.float32)).statistic
    pairs = Pairs(first, second, there[first, second], here[first, second])
    assert pairs.correlation(counts.astype(float)) == pytest.approx(wanted, rel=1e-9)


def test_of_many_samples_pairs_are_drawn() -> None:
    first, second = drawn_pairs(2_000, 4)
    assert len(first) == 100_000
    assert (first != second).all()
    assert {*first, *second} == set(range(2_000))
    np.testing.assert_array_equal(first, drawn_pairs(2_000, 4)[0])


def test_of_more_samples_than_asked_for_some_are_measured() -> None:
    x, places, labels = mapped(400)
    found, whole = measure(x, places, labels, most=150, seed=1), measure(x, places, labels)
    assert (len(found.rows), found.of) == (150, 400)
    part = measure(x[found.rows], places[found.rows], labels[found.rows], seed=1)
    assert found.frame().equals(part.frame())
    colours = trustworthiness(x, places, most=150, seed=1)
    np.testing.assert_allclose(colours[found.rows], found.trustworthiness)
    assert colours.mean() == pytest.approx(found["trustworthiness"].value, abs=0.03)
    assert np.corrcoef(colours, whole.trustworthiness)[0, 1] > 0.7


def test_one_class_leaves_the_other_measures() -> None:
    x, places, _ = mapped()
    for labels, reason in ((None, "no labels"), (np.zeros(120, int), "one class")):
        found = measure(x, places, labels)
        for name in MEASURES:
            each = found[name]
            assert (each.value is None) == (name not in WITHOUT_LABELS)
            assert (reason in each.reason) == (each.value is None)
            assert (each.baseline is None, each.low is None, each.draws is None) == (each.value is None,) * 3
    alone = measure(x, places, np.arange(120))
    assert alone["silhouette"].reason == "no class has two samples"
    assert alone["k-NN accuracy"].value == 0.0
    assert alone["k-NN accuracy"].baseline == 0.0


def test_constant_data_have_no_order_to_keep() -> None:
    _, places, labels = mapped()
    found = measure(np.ones((120, 1, 4, 4), np.float32), places, labels)
    for name in WITHOUT_LABELS:
        assert found[name].reason == "all samples are alike"
    assert found.trustworthiness is None
    assert found["silhouette"].value == pytest.approx(silhouette_score(places, labels), rel=1e-6)
    assert np.isnan(found.frame().loc["continuity", "value"])
    with pytest.raises(ExplorerError, match="all samples are alike"):
        trustworthiness(np.ones((120, 3)), places)


def test_what_cannot_be_measured_is_one_sentence() -> None:
    x, places, labels = mapped()
    for wrong, said in (
        ((x[:11], places[:11], labels[:11]), "over 10 neighbours cannot be told of 11 samples"),
        ((x, places[:100], labels), "120 samples, 100 places"),
        ((x, places, labels[:5]), "5 labels"),
        ((np.where(x > 3, np.nan, x), places, labels), "samples are not finite"),
        ((x, np.where(places > 2, np.inf, places), labels), "places are not finite"),
    ):
        with pytest.raises(ExplorerError, match=said):
            measure(*wrong)
    with pytest.raises(ExplorerError, match="not on the unit sphere"):
        measure(x, places, labels, sphere=True)
    with pytest.raises(ExplorerError, match="over 0 neighbours"):
        measure(x, places, k=0)
    with pytest.raises(ExplorerError, match="seed cannot be -1"):
        measure(x, places, seed=-1)
    assert measure(x[:12], places[:12]).k == 10


def test_progress_rises_to_one_and_a_stop_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rank_measures, "_AT_ONCE", 120 * 16)
    x, places, labels = mapped()
    shares: list[float] = []
    found = measure(x, places, labels, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert len(shares) == 10
    for after in (0, 1, len(shares) - 2, len(shares) - 1):
        told: list[float] = []
        with pytest.raises(Cancelled):
            measure(x, places, labels, progress=told.append, stop=lambda told=told, n=after: len(told) >= n)
        assert len(told) == after
    monkeypatch.undo()
    for each, other in zip(measure(x, places, labels).measures, found.measures, strict=True):
        assert other.value == pytest.approx(each.value, rel=1e-12)  # in pieces as at once


def test_held_out_samples_of_a_cloud_are_measured() -> None:
    data = load_dataset("iris")
    model = models.create("vae", shape=data.shape, latent=3, width=0.25)
    cloud = encode(model, data)
    found = held_out(data, cloud, k=5)
    direct = measure(data.test.x, cloud.mean[cloud.train :], data.test.y, k=5)
    assert found.frame().equals(direct.frame())
    assert found.of == len(data.test)
    on_plane = held_out(data, cloud, cloud.mean[:, :2], k=5)
    assert on_plane["trustworthiness"].value != found["trustworthiness"].value
    with pytest.raises(ExplorerError, match="not one for each"):
        held_out(data, cloud.draws(2), k=5)
    sphere = encode(models.create("sphere-vae", shape=data.shape, latent=3, width=0.25), data)
    assert held_out(data, sphere, k=5)["silhouette"].value == pytest.approx(
        measure(data.test.x, sphere.mean[sphere.train :], data.test.y, k=5, sphere=True)["silhouette"].value
    )


def test_iris_with_its_repeated_rows_is_near_what_scikit_learn_says() -> None:
    iris = load_iris()
    places = iris.data[:, 2:]
    found = measure(iris.data, places, iris.target)
    assert found["trustworthiness"].value == pytest.approx(
        of_sklearn(iris.data, places, n_neighbors=10), abs=2e-3
    )
    assert found["silhouette"].value == pytest.approx(silhouette_score(places, iris.target), rel=1e-6)


def test_every_measure_says_what_it_is() -> None:
    assert len(MEASURES) == 6
    assert all(text.endswith(".") for text in MEASURES.values())
    assert [each.name for each in measure(*mapped()).measures] == list(MEASURES)
    assert quality.measure(*mapped()).frame().index.tolist() == list(MEASURES)
