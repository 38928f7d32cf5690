"""What holds for every map that keeps neighbours, and for what they are made of."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits

from explorer.core import projections
from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.latent.knn import FEW_FOR_MANY, nearest_in
from explorer.core.progress import Stage
from explorer.core.projections import PCA, TSNE, UMAP, Embedding
from explorer.core.projections.embeddings.out_of_sample import Placing
from explorer.core.projections.embeddings.shepard import NEAREST, ShepardInverse, shepard

NAMES = tuple(name for name in projections.names() if issubclass(projections.family(name), Embedding))
SMALL = {"tsne": {"perplexity": 8.0}, "umap": {"neighbours": 8}}
every_map = pytest.mark.parametrize("name", NAMES)


def digits(count: int = 500) -> np.ndarray:
    """Real digits on their first five principal components, in single precision as codes come."""
    images = load_digits().data[:count]
    images = images - images.mean(axis=0)
    return (images @ np.linalg.svd(images, full_matrices=False)[2][:5].T).astype(np.float32)


@cache
def fitted(name: str) -> tuple[np.ndarray, Embedding, tuple[float, ...]]:
    """A cloud, a map that was fitted to 300 codes of it, and what its fit said about its progress."""
    z, told = digits(), []
    return z, projections.create(name, samples=300).fit(z, progress=told.append), tuple(told)


def small(name: str, **knobs: object) -> Embedding:
    return projections.create(name, **SMALL[name], **knobs)


def kept(z: np.ndarray, xy: np.ndarray, among: np.ndarray, places: np.ndarray, k: int = 10) -> float:
    """The share of the k nearest in latent space that are among the k nearest on the plane."""
    near = np.argsort(cdist(z, among), axis=1)[:, 1 : k + 1]
    shown = np.argsort(cdist(xy, places), axis=1)[:, 1 : k + 1]
    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(near, shown, strict=True)]))


def test_the_two_are_offered_last_and_only_where_the_plane_is_not_enough() -> None:
    assert NAMES == ("tsne", "umap")
    for latent in (3, 10):
        assert projections.suiting(latent)[-2:] == NAMES
    assert not set(NAMES) & set(projections.suiting(2))
    assert not any(projections.family(name).exact for name in NAMES)
    labels = [fitted(name)[1].axis_labels for name in NAMES]
    assert labels == [("t-SNE 1", "t-SNE 2"), ("UMAP 1", "UMAP 2")]


def test_nothing_slow_is_imported_before_a_fit() -> None:
    for name in NAMES:
        tree = ast.parse(Path(inspect.getfile(projections.family(name))).read_text())
        heads = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not [head for head in heads if {"openTSNE", "umap"} & {head.split()[1].partition(".")[0]}]


@every_map
def test_a_fitted_code_is_where_it_was_found_to_be(name: str) -> None:
    z, projection, _ = fitted(name)
    known = projection.fitted
    assert len(known.rows) == 300
    assert known.count == len(z)
    np.testing.assert_array_equal(projection.forward(z)[known.rows], known.xy.astype(np.float32))
    np.testing.assert_array_equal(projection.forward(z[known.rows[::-1]].astype(np.float64)), known.xy[::-1])


@every_map
def test_the_place_of_a_code_does_not_depend_on_its_company(name: str) -> None:
    z, projection, _ = fitted(name)
    together = projection.forward(z)
    alone = np.concatenate([projection.forward(z[row : row + 1]) for row in range(50)])
    np.testing.assert_array_equal(together[:50], alone)


@every_map
def test_the_map_keeps_neighbours_of_fitted_codes_and_of_others(name: str) -> None:
    z, projection, _ = fitted(name)
    known = projection.fitted
    other = np.setdiff1d(np.arange(len(z)), known.rows)
    # By chance 10 of 300 would be, one in thirty.
    assert kept(known.codes, known.xy, known.codes, known.xy) > 0.4
    assert kept(z[other], projection.forward(z[other]), known.codes, known.xy) > 0.35


@every_map
def test_back_from_the_place_of_a_fitted_code_is_the_code(name: str) -> None:
    _, projection, _ = fitted(name)
    np.testing.assert_array_equal(projection.inverse(projection.fitted.xy), projection.fitted.codes)


@every_map
def test_other_codes_come_back_nearer_than_from_the_principal_plane(name: str) -> None:
    z, projection, _ = fitted(name)
    other = np.setdiff1d(np.arange(len(z)), projection.fitted.rows)
    back = projection.inverse(projection.forward(z[other]))
    apart = np.linalg.norm(back - z[other], axis=1) / projection.fitted.spread
    plane = PCA().fit(z)
    lost = np.linalg.norm(plane.inverse(plane.forward(z[other])) - z[other], axis=1)
    assert np.median(apart) < 0.6 * np.median(lost / projection.fitted.spread)
    assert np.quantile(apart, 0.95) < 1.0
    np.testing.assert_allclose(projection.error(z[other]), apart, atol=1e-5)


@every_map
def test_the_error_of_a_fitted_code_is_that_without_it(name: str) -> None:
    _, projection, _ = fitted(name)
    known = projection.fitted
    errors = projection.error(known.codes)
    for row in range(0, 300, 30):
        others = np.arange(300) != row
        back = ShepardInverse(known.xy[others], known.codes[others]).codes(known.xy[row : row + 1])
        expected = np.linalg.norm(back - known.codes[row]) / known.spread
        np.testing.assert_allclose(errors[row], expected, atol=1e-12)
    assert errors.min() > 0


@every_map
@settings(max_examples=10)
@given(data=st.data())
def test_the_inverse_runs_on_without_a_jump(name: str, data: st.DataObject) -> None:
    _, projection, _ = fitted(name)
    xy = projection.fitted.xy
    ends = data.draw(arrays(np.float64, (2, 2), elements=st.floats(0, 1)))
    first, last = xy.min(axis=0) + ends * np.ptp(xy, axis=0)

    def longest(steps: int) -> float:
        line = first + np.linspace(0, 1, steps + 1)[:, None] * (last - first)
        return float(np.linalg.norm(np.diff(projection.inverse(line), axis=0), axis=1).max())

    # A jump would stay as long, however short the steps of the plane.
    assert longest(8_000) <= 0.2 * longest(400) + 1e-9


@every_map
@given(xy=arrays(np.float64, (4, 2), elements=st.floats(-1e3, 1e3)))
def test_the_inverse_stays_among_the_codes_around(name: str, xy: np.ndarray) -> None:
    _, projection, _ = fitted(name)
    around = projection.fitted.codes[cKDTree(projection.fitted.xy).query(xy, NEAREST)[1]]
    z = projection.inverse(xy)
    assert (z >= around.min(axis=1) - 1e-9).all()
    assert (z <= around.max(axis=1) + 1e-9).all()


@every_map
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_ways_keep_the_floating_type(name: str, dtype: type) -> None:
    z, projection, _ = fitted(name)
    xy = projection.forward(z[:3].astype(dtype))
    assert xy.dtype == projection.inverse(xy).dtype == dtype


@every_map
def test_progress_only_grows_and_ends_at_one(name: str) -> None:
    _, _, told = fitted(name)
    assert len(told) > 100
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert all(earlier <= later for earlier, later in pairwise(told))
    assert all(later - earlier < 0.1 for earlier, later in pairwise(told))


@every_map
def test_a_fit_that_is_stopped_leaves_the_former_one(name: str) -> None:
    z, projection, _ = fitted(name)
    before, told = projection.fitted, []
    for after in (0, 1, 60):
        told.clear()

        def stop(after: int = after) -> bool:
            return len(told) >= after

        with pytest.raises(Cancelled, match="the former one still holds"):
            projection.fit(z[:200] + 1, progress=told.append, stop=stop)
        assert len(told) == after
        assert projection.fitted is before
    assert projection.latent == 5


@every_map
def test_equal_seeds_give_equal_maps(name: str) -> None:
    z = digits(100)
    first, again, other = (small(name, seed=seed).fit(z).forward(z) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=0.1)
    rows = [small(name, seed=seed, samples=100).fit(digits(130)).fitted.rows.tolist() for seed in (3, 3, 4)]
    assert rows[0] == rows[1] != rows[2]


@every_map
def test_a_map_that_is_fitted_again_is_laid_over_the_former(name: str) -> None:
    z = digits(120)
    before, after = small(name, samples=100).fit(z), small(name, samples=100).fit(z)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    for mirror in (1, -1):
        after._map = replace(after.fitted, xy=before.fitted.xy @ turn * [1, mirror] + 7)
        after.align(before)
        np.testing.assert_allclose(after.fitted.xy, before.fitted.xy, atol=1e-9)
        # And not only the places: both directions have moved with them.
        np.testing.assert_allclose(after.forward(z), before.forward(z), atol=1e-4)
        xy = before.fitted.xy + 0.1
        np.testing.assert_allclose(after.inverse(xy), before.inverse(xy), atol=1e-6)


@every_map
def test_laying_over_changes_no_distance_and_brings_nearer(name: str) -> None:
    z = digits(120)
    before = small(name, samples=100, seed=1).fit(z)
    fresh = small(name, samples=100, seed=2).fit(z)
    xy, apart = fresh.fitted.xy, cdist(fresh.fitted.xy, fresh.fitted.xy)
    _, there, here = np.intersect1d(before.fitted.rows, fresh.fitted.rows, return_indices=True)
    assert 50 < len(here) < 100
    fresh.align(before)
    np.testing.assert_allclose(cdist(fresh.fitted.xy, fresh.fitted.xy), apart, atol=1e-9)
    away = np.linalg.norm(before.fitted.xy[there] - xy[here])
    assert np.linalg.norm(before.fitted.xy[there] - fresh.fitted.xy[here]) <= away


@every_map
def test_a_map_of_another_cloud_is_left_where_it_is(name: str) -> None:
    _, before, _ = fitted(name)
    after = small(name).fit(digits(100))
    xy = after.fitted.xy
    assert after.align(before).fitted.xy is xy


@every_map
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda z: z[np.arange(200) % 50], id="each code three times"),
        pytest.param(lambda z: np.where(np.arange(5) < 3, z, 4.0), id="constant columns"),
        pytest.param(lambda z: np.where(np.arange(5) == 2, z, 0.0), id="a line"),
        pytest.param(lambda z: np.where(np.arange(len(z))[:, None] == 7, z + 1e4, z), id="one far away"),
        pytest.param(lambda z: 1e-18 * z, id="tiny"),
        pytest.param(lambda z: 1e18 * z, id="huge"),
    ],
)
def test_odd_clouds_have_a_map(name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    z = change(digits(100)[np.arange(200) % 100]).astype(np.float32)
    projection = small(name).fit(z)
    xy = projection.forward(z)
    assert np.isfinite(xy).all()
    known = projection.fitted
    np.testing.assert_array_equal(xy[known.rows], known.xy.astype(np.float32))
    _, rows = np.unique(z, axis=0, return_inverse=True)
    for row in range(5):  # coinciding codes share a place
        assert len(np.unique(xy[rows == row], axis=0)) == 1
    np.testing.assert_allclose(projection.inverse(xy), z, rtol=1e-3, atol=1e-3 * np.abs(z).max())
    for figure in (projection.error(z), projection.distortion(xy)):
        assert np.isfinite(figure).all()


def test_a_cloud_too_small_for_the_knobs_is_told_which_would_do() -> None:
    z = digits(60)
    with pytest.raises(
        ExplorerError, match="perplexity of 30 needs at least 91 different codes, got 60; set"
    ):
        TSNE().fit(z)
    with pytest.raises(ExplorerError, match="set it to 19 or less"):
        TSNE().fit(z)
    TSNE(perplexity=19).fit(z)
    with pytest.raises(ExplorerError, match="got 1; use more data or another projection"):
        TSNE().fit(np.ones((200, 3)))
    with pytest.raises(ExplorerError, match="keeps 60 neighbours needs at least 61 different codes, got 60"):
        UMAP(neighbours=60).fit(z)
    with pytest.raises(ExplorerError, match="set them to 59 or fewer"):
        UMAP(neighbours=60).fit(z)
    UMAP(neighbours=59).fit(z)
    with pytest.raises(ExplorerError, match="got 3; use more data or another projection"):
        UMAP(neighbours=2).fit(z[:3])


@every_map
def test_what_is_not_finite_is_refused(name: str) -> None:
    z, projection, _ = fitted(name)
    with pytest.raises(ExplorerError, match="all of them finite"):
        projection.fit(np.where(np.arange(5) == 1, np.inf, z))
    with pytest.raises(ExplorerError, match="places finite codes only"):
        projection.forward(np.full((1, 5), np.nan))
    for ask in (projection.inverse, projection.distortion):
        with pytest.raises(ExplorerError, match="two finite coordinates"):
            ask(np.array([[0.0, np.inf]]))


@every_map
def test_the_typical_stretch_is_one(name: str) -> None:
    _, projection, _ = fitted(name)
    stretch = projection.distortion(projection.fitted.xy)
    np.testing.assert_allclose(np.median(stretch), 1)
    assert 0.1 < stretch.min() < 0.9
    assert stretch.max() > 1.1


# -- what they are made of -------------------------------------------------------------------------------


def test_stretch_is_the_ratio_of_distances() -> None:
    axis = np.linspace(-1, 1, 60)
    xy = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    # Three times as long on the right of 0.5 as on its left, and turned into four dimensions.
    right = xy[:, :1] > 0.5
    codes = np.where(right, 3 * xy, xy) @ np.linalg.qr(np.random.default_rng(0).normal(size=(4, 2)))[0].T
    stretch = ShepardInverse(xy, codes).stretch(np.array([[-0.5, 0.0], [0.1, -0.3], [0.8, 0.0]]))
    np.testing.assert_allclose(stretch, [1, 1, 3], rtol=1e-6)


@given(
    distances=arrays(np.float64, (3, 6), elements=st.floats(0, 1e300)),
    beyond=st.floats(0, 1e300),
)
def test_weights_are_shares(distances: np.ndarray, beyond: float) -> None:
    distances = np.sort(distances, axis=1)
    weights = shepard(distances, np.maximum(distances[:, -1:], beyond))
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    # The nearer one never counts less, and where one is met the others do not count.
    assert (np.diff(weights, axis=1) <= 1e-12).all()
    met = distances[:, 0] == 0
    assert (weights[met] > 0).tolist() == (distances[met] == 0).tolist()


@pytest.mark.parametrize("latent", [3, 10, 40])
def test_the_nearest_are_those_of_a_full_comparison(latent: int) -> None:
    random = np.random.default_rng(latent)
    codes = 100 + random.normal(size=(300, latent))
    z = np.concatenate([codes[:20], 100 + random.normal(size=(80, latent))])
    distances, rows = nearest_in(codes, FEW_FOR_MANY).query_many(z, 7)
    full = cdist(z, codes)
    np.testing.assert_array_equal(rows, np.argsort(full, axis=1)[:, :7])
    np.testing.assert_allclose(distances, np.sort(full, axis=1)[:, :7], atol=1e-12)
    assert (distances[:20, 0] == 0).all()


def test_a_code_between_two_parts_of_the_map_is_placed_in_one_of_them() -> None:
    random = np.random.default_rng(0)
    codes = random.normal(size=(200, 4))
    # Neighbours in latent space, torn apart on the plane.
    xy = codes[:, :2] + np.where(codes[:, 2:3] > 0, 100.0, -100.0)
    placed, own = Placing(nearest_in(codes, FEW_FOR_MANY), xy, codes).places(
        random.normal(scale=0.5, size=(100, 4))
    )
    assert (own == -1).all()
    assert (np.abs(np.abs(placed) - 100) < 10).all()


def test_pieces_of_a_piece_fill_the_whole() -> None:
    told: list[float] = []
    whole = Stage(told.append)
    second = whole.part(0.5, 1.0)
    for piece in (whole.part(0.0, 0.5), second.part(0.0, 0.5), second.part(0.5, 1.0)):
        piece.at(0.0)
        piece.at(1.0)
    assert told == [0, 0.5, 0.5, 0.75, 0.75, 1]
