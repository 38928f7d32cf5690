"""Many dimensions on the page: a map is computed when asked for, can be cancelled, and decodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext
from sklearn.datasets import load_digits

import models
from explorer.core.datasets import Dataset, Split, load_dataset
from tests.browser.tab import App, Tab, until
from tests.endless import endless_fits


def _images(real_data: Path | None, folder: Path) -> Dataset:
    """A part of MNIST, or digits of the same size where it is missing."""
    if real_data is not None:
        whole = load_dataset("mnist", folder=real_data)
        return Dataset(
            "part of mnist",
            Split(whole.train.x[:2_000], whole.train.y[:2_000]),
            Split(whole.test.x[:250], whole.test.y[:250]),
            whole.drawing,
            whole.classes,
        )
    digits = load_digits()
    x = np.pad(np.kron(digits.images / 16, np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))
    np.savez(folder / "images.npz", x=x.astype(np.float32)[:, None], y=digits.target)
    return load_dataset(str(folder / "images.npz"))


@pytest.fixture(scope="module")
def app(serve: Callable[..., App], real_data: Path | None, tmp_path_factory: pytest.TempPathFactory) -> App:
    """A VAE of ten dimensions after a little training."""
    dataset = _images(real_data, tmp_path_factory.mktemp("images"))
    model = models.create("vae", shape=dataset.shape, latent=10, width=0.5)
    for _ in models.fit(model, dataset.train, epochs=2, seed=0):
        pass
    return serve(given=lambda services: services.bases.given(dataset, model.eval()))


@pytest.fixture
def tab(context: BrowserContext, app: App) -> Iterator[Tab]:
    tab = Tab(context.new_page()).open(app.url)
    yield tab
    assert tab.problems == []


def _hover(tab: Tab, fx: float, fy: float) -> str:
    """Move there, wait for the frame that was decoded there, and return what is said of the inverse."""
    x, y = tab.at(fx, fy)
    frame = tab.page.locator(".lx-frame")
    box = tab.inner()
    near = pytest.approx(tab.plane(x, y), abs=0.01 * (box["x1"] - box["x0"]))

    def decoded() -> bool:
        # A hand does not stand still; the first move after a menu may only enter the map.
        tab.page.mouse.move(x + 1, y)
        tab.page.mouse.move(x, y)
        return tuple(float(frame.get_attribute(f"data-{axis}") or "nan") for axis in "xy") == near

    until(decoded, "the frame of this place", 30)
    return tab.page.locator(".lx-readout dt", has_text="inverse").locator("+ dd").inner_text()


def test_the_projection_that_is_open_says_what_is_held(tab: Tab, app: App) -> None:
    session = app.session()
    assert session.state.scene.projection.name == "pca"
    until(lambda: "residual of sample" in _hover(tab, 0.5, 0.5), "the nearest sample's residual to be held")
    tab.choose("lx-hold", "mean")
    until(lambda: session.hold.hold == "mean", "the choice to arrive")
    until(lambda: "the cloud's mean" in _hover(tab, 0.45, 0.5), "the mean to be held")


def test_a_knob_of_a_slice_moves_the_map_at_once(tab: Tab, app: App) -> None:
    session = app.session()
    tab.choose("lx-projection", "slice")
    until(lambda: session.state.scene.projection.name == "slice", "the slice")
    tab.unfold("Projection knobs")
    box = tab.page.locator(".lx-knob-across input")
    box.fill("4")
    box.press("Enter")
    until(lambda: session.state.scene.projection.across == 4, "the other axis")
    assert (session.state.scene.xy[:, 0] == session.state.scene.cloud.mean[:, 3]).all()


def test_an_embedding_is_computed_when_asked_for_cancelled_and_read_backwards(tab: Tab, app: App) -> None:
    session = app.session()
    tab.choose("lx-projection", "tsne")
    until(lambda: "The map still shows PCA" in tab.text("lx-map-note"), "what is to be computed")
    assert session.projection.fit is None, "nothing is begun unasked"
    before = session.state.scene
    with endless_fits():
        tab.page.locator(".lx-fit").click()
        until(lambda: "s so far" in tab.text("lx-fit-progress"), "the progress", 30)
    tab.page.locator(".lx-fit-cancel").click()
    until(lambda: "Cancelled" in tab.text("lx-map-note"), "the page to say so", 5)
    assert session.state.scene is before
    tab.page.locator(".lx-fit").click()
    while session.state.scene is before:  # and the cursor goes on decoding what is there
        frames = tab.frames
        tab.page.mouse.move(*tab.at(0.4 + 0.02 * (frames % 10), 0.5))
        until(lambda frames=frames: tab.frames > frames, "a frame meanwhile")
    until(lambda: "Median round-trip error" in tab.text("lx-map-note"), "how far it errs")
    assert session.state.scene.projection.name == "tsne"
    shown = tab.maps
    until(
        lambda: session.view.image.read()[1].scene == session.state.scene.key and tab.maps >= shown, "the map"
    )
    until(lambda: "a guess: error 0." in _hover(tab, 0.5, 0.45), "the guess to be shown")
    assert tab.page.locator(".lx-readout dd.guess").count() == 1
    tab.page.locator(".lx-distortion").click()
    until(lambda: session.state.colour_by == "map distortion", "the overlay")
    tab.page.locator(".lx-legend").get_by_text("map distortion").wait_for()
    tab.page.locator(".lx-distortion").click()
    until(lambda: session.state.colour_by == "label", "the former colours")
    tab.choose("lx-projection", "pca")
    until(lambda: session.state.scene.projection.name == "pca", "the principal plane")
    tab.choose("lx-projection", "tsne")
    fit = session.projection.fit
    until(lambda: session.state.scene.projection.name == "tsne", "the computed map, at once", 10)
    assert session.projection.fit is fit


def test_what_cannot_be_computed_is_said_and_the_map_stays(tab: Tab, app: App) -> None:
    session = app.session()
    tab.choose("lx-projection", "tsne")
    tab.page.locator(".lx-fit").wait_for()  # its knobs come with it, in the place of the former ones
    tab.unfold("Projection knobs")
    for handle, value in (("lx-knob-samples", "100"), ("lx-knob-perplexity", "100")):
        box = tab.page.locator(f".{handle} input")
        box.fill(value)
        box.press("Tab")
    until(lambda: session.projection.knobs("tsne").perplexity == 100, "the perplexity")
    scene = session.state.scene
    tab.page.locator(".lx-fit").click()
    until(lambda: "perplexity of 100 needs at least 301" in tab.text("lx-error"), "the sentence")
    assert session.state.scene is scene
    assert tab.page.locator(".lx-fit").is_enabled()
