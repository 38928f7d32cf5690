from __future__ import annotations

import numpy as np
import param
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA as ReferencePCA

from explorer.core import projections
from explorer.core.errors import ExplorerError, NotFitted, UnknownName
from explorer.core.projections import PCA, Identity, Projection

COORDINATE = st.floats(-1e3, 1e3)
PLANE = arrays(np.float64, (5, 2), elements=COORDINATE)


def codes(latent: int, count: int = 300, seed: int = 0) -> np.ndarray:
    """A cloud with axes of different length, turned and moved away from the origin."""
    random = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(random.normal(size=(latent, latent)))
    lengths = np.linspace(3, 1, latent)
    return (random.normal(size=(count, latent)) * lengths) @ turned + 10 * random.normal(size=latent)


FITTED = [
    (name, latent)
    for latent in (2, 3, 20)
    for name in projections.suiting(latent)
    if projections.family(name).exact
]


@pytest.mark.parametrize(("name", "latent"), FITTED)
@given(xy=PLANE)
def test_from_the_plane_and_back_is_the_same_point(name: str, latent: int, xy: np.ndarray) -> None:
    projection = projections.create(name).fit(codes(latent))
    np.testing.assert_allclose(projection.forward(projection.inverse(xy)), xy, atol=1e-9)


@pytest.mark.parametrize(("name", "latent"), FITTED)
@given(data=st.data())
def test_to_the_plane_and_back_is_the_orthogonal_projection(
    name: str, latent: int, data: st.DataObject
) -> None:
    projection = projections.create(name).fit(codes(latent))
    z = data.draw(arrays(np.float64, (4, latent), elements=COORDINATE))
    there = projection.forward(z)
    foot = projection.inverse(there)
    # It stays where it is when projected again, and what was taken off is orthogonal to the plane.
    np.testing.assert_allclose(projection.inverse(projection.forward(foot)), foot, atol=1e-9)
    across = projection.inverse(np.eye(2)) - projection.inverse(np.zeros((1, 2)))
    np.testing.assert_allclose((z - foot) @ across.T, 0, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "latent"), [("identity", 1), *FITTED])
def test_both_ways_keep_the_floating_type(name: str, latent: int, dtype: type) -> None:
    z = codes(latent).astype(dtype)
    projection = projections.create(name).fit(z)
    xy = projection.forward(z)
    assert xy.shape == (len(z), 2)
    assert xy.dtype == projection.inverse(xy).dtype == dtype


def test_a_latent_line_is_drawn_along_x() -> None:
    z = codes(1)
    line = Identity().fit(z)
    xy = line.forward(z)
    np.testing.assert_array_equal(xy, np.column_stack([z[:, 0], np.zeros(len(z))]))
    np.testing.assert_array_equal(line.inverse(xy), z)
    assert line.axis_labels == ("z1", "")


def test_the_plane_of_pca_is_the_references_on_real_data() -> None:
    z = load_digits().data
    ours, reference = PCA().fit(z), ReferencePCA(2, svd_solver="full").fit(z)
    xy, expected = ours.forward(z), reference.transform(z)
    np.testing.assert_allclose(np.abs(xy), np.abs(expected), atol=1e-9)
    np.testing.assert_allclose(ours.explained, reference.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(ours.inverse(xy), reference.inverse_transform(expected), atol=1e-9)
    assert ours.axis_labels == ("PC 1 (15% of variance)", "PC 2 (14% of variance)")


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_loading_of_an_axis_is_positive_whatever_the_order_of_the_samples(seed: int) -> None:
    z = codes(6, seed=seed)
    first, shuffled = PCA().fit(z), PCA().fit(z[::-1])
    np.testing.assert_allclose(first.forward(z), shuffled.forward(z), atol=1e-9)
    axes = first.inverse(np.eye(2)) - first.inverse(np.zeros((1, 2)))
    assert (axes.max(axis=1) == np.abs(axes).max(axis=1)).all()


@given(seed=st.integers(0, 1_000), size=st.floats(0, 0.1))
def test_a_map_that_is_fitted_again_does_not_flip(seed: int, size: float) -> None:
    random = np.random.default_rng(seed)
    z = codes(5, seed=seed)
    before = PCA().fit(z)
    # Turn the earlier map on the paper, so that the signs it has are not the ones a fresh fit takes.
    before._axes = before._axes * random.choice([-1.0, 1.0], size=(2, 1))
    moved = z + size * random.normal(size=z.shape)
    after = PCA().fit(moved).align(before)
    assert after.axis_labels[0].startswith("PC 1")
    apart = np.linalg.norm(after.forward(moved) - before.forward(z), axis=1)
    assert np.median(apart) < 0.2 * np.linalg.norm(before.forward(z), axis=1).mean() + 10 * size


def test_axes_that_change_rank_keep_their_direction_and_say_so() -> None:
    random = np.random.default_rng(0)
    z = random.normal(size=(500, 4))
    before = PCA().fit(z * [3.0, 2.5, 0.1, 0.1])
    after = PCA().fit(z * [2.5, 3.0, 0.1, 0.1]).align(before)
    overlap = np.diag(before._axes @ after._axes.T)
    np.testing.assert_array_less(0.9, overlap)
    assert after.axis_labels[0].startswith("PC 2")
    assert after.axis_labels[1].startswith("PC 1")
    assert after.explained[0] < after.explained[1]


def test_there_is_nothing_to_align_with_another_kind_or_dimension() -> None:
    z = codes(2)
    fresh = PCA().fit(z).forward(z)
    for other in (Identity().fit(z), PCA().fit(codes(3))):
        np.testing.assert_array_equal(PCA().fit(z).align(other).forward(z), fresh)
    with pytest.raises(NotFitted):
        PCA().fit(z).align(PCA())


@given(xy=PLANE)
def test_the_plane_can_be_laid_through_a_code(xy: np.ndarray) -> None:
    z = codes(6)
    through = z[17]
    pca = PCA(residual=through).fit(z)
    np.testing.assert_allclose(pca.inverse(pca.forward(through[None]))[0], through, atol=1e-9)
    np.testing.assert_allclose(pca.forward(pca.inverse(xy)), xy, atol=1e-9)
    off = pca.inverse(xy) - PCA().fit(z).inverse(xy)
    np.testing.assert_allclose(off, np.broadcast_to(off[0], off.shape), atol=1e-9)
    pca.residual = np.zeros(3)
    with pytest.raises(ExplorerError, match="code of 6 finite coordinates"):
        pca.inverse(xy)


def test_other_components_can_be_drawn() -> None:
    z = codes(5)
    np.testing.assert_allclose(
        np.abs(PCA(across=3, up=1).fit(z).forward(z)),
        np.abs(ReferencePCA(3, svd_solver="full").fit_transform(z)[:, [2, 0]]),
        atol=1e-9,
    )
    for across, up in ((2, 2), (1, 6)):
        with pytest.raises(ExplorerError, match=f"components {across} and {up} cannot be drawn of 5"):
            PCA(across=across, up=up).fit(z)


@given(value=COORDINATE)
def test_a_cloud_of_one_place_still_has_a_plane(value: float) -> None:
    assume(abs(value) > 1e-3)
    z = np.full((3, 4), value)
    pca = PCA().fit(z)
    np.testing.assert_allclose(pca.forward(z), 0, atol=1e-9)
    np.testing.assert_allclose(pca.forward(pca.inverse(np.eye(2))), np.eye(2), atol=1e-9)
    assert pca.explained == (0.0, 0.0)


def test_many_codes_are_projected_in_parts_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    z = codes(4, 1_000)
    whole = PCA().fit(z)
    monkeypatch.setattr("explorer.core.projections.pca._ROWS", 300)
    parts = PCA().fit(z)
    xy = parts.forward(z)
    np.testing.assert_allclose(xy, whole.forward(z), atol=1e-9)
    np.testing.assert_allclose(parts.inverse(xy), whole.inverse(xy), atol=1e-9)


@pytest.mark.parametrize("name", projections.names())
def test_every_projection_says_what_it_needs(name: str) -> None:
    projection = projections.create(name)
    assert projection.name == projection.key == name
    right = next(latent for latent in (2, 3) if projection.suits(latent))
    with pytest.raises(NotFitted, match=r"call fit\(z\) first"):
        projection.inverse(np.zeros((1, 2)))
    with pytest.raises(NotFitted):
        projection.forward(np.zeros((1, 2)))
    with pytest.raises(NotFitted):
        _ = projection.axis_labels
    with pytest.raises(ExplorerError, match="at least one code"):
        projection.fit(np.zeros((0, right)))
    with pytest.raises(ExplorerError, match="all of them finite"):
        projection.fit(np.array([[np.nan, *np.ones(right - 1)]]))
    wrong = next(latent for latent in (1, 3) if not projection.suits(latent))
    with pytest.raises(ExplorerError, match=f"got {wrong}; choose another"):
        projection.fit(codes(wrong))
    with pytest.raises(ExplorerError, match=f"fitted to codes of {right} coordinates, got {right + 1}"):
        projection.fit(codes(right)).forward(np.zeros((1, right + 1)))


@pytest.mark.parametrize("name", projections.names())
def test_every_knob_is_documented(name: str) -> None:
    kind = projections.family(name)
    assert issubclass(kind, Projection)
    for knob in kind.knobs():
        assert kind.param[knob].doc


def test_what_suits_comes_with_the_best_first() -> None:
    assert projections.suiting(1) == ("identity",)
    assert projections.suiting(2) == projections.suiting(2, sphere=True) == ("identity", "pca")
    assert projections.suiting(3) == ("pca", "rotation", "slice", "tsne", "umap")
    assert projections.suiting(20) == ("pca", "slice", "tsne", "umap")


def test_the_maps_of_the_sphere_are_offered_for_a_sphere_only_and_then_first() -> None:
    maps = tuple(name for name in projections.names() if projections.family(name).sphere)
    assert maps == ("orthographic", "stereographic", "cylindrical")
    for latent in (1, 2, 3, 4, 20):
        assert not set(maps) & set(projections.suiting(latent))
    assert projections.suiting(3, sphere=True) == (*maps, *projections.suiting(3))
    assert projections.suiting(4, sphere=True) == projections.suiting(4)


def test_unknown_names_and_knobs_are_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="'pcb'; choose from identity, pca"):
        projections.create("pcb")
    with pytest.raises(UnknownName, match="no knob 'sideways'; its knobs: across, up, residual"):
        projections.create("pca", sideways=1)
    with pytest.raises(ExplorerError, match=r"'pca' cannot be made so: .*across"):
        projections.create("pca", across=0)


def test_the_abstract_projection_cannot_be_made() -> None:
    assert isinstance(Projection, type(param.ParameterizedABC))
    with pytest.raises(TypeError, match="abstract"):
        Projection()
