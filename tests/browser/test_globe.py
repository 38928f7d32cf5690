"""Real MNIST on the sphere and in space: turned by the hand, decoded under it, and pinned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext

from explorer.core.projections.turnable.orientation import Orientation
from explorer.runtime.base import Choice
from explorer.session import Session
from tests.browser.made import source_of
from tests.browser.tab import App, Tab, until

GLOBES = ("orthographic", "stereographic", "cylindrical")


NARROW = (("width", 0.25),)  # for speed: what is tested is the same with any model


@pytest.fixture(scope="module")
def source(real_data: Path | None, tmp_path_factory: pytest.TempPathFactory) -> str:
    return source_of("mnist", real_data, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def globe(serve: Callable[..., App], source: str, real_data: Path | None) -> App:
    return serve(Choice(source, "sphere-vae", 3), real_data)


@pytest.fixture(scope="module")
def solid(serve: Callable[..., App], source: str, real_data: Path | None) -> App:
    return serve(Choice(source, "vae", 3), real_data)


def opened(context: BrowserContext, app: App) -> tuple[Tab, Session]:
    tab = Tab(context.new_page()).open(app.url)
    session = app.session()
    tab.wait_for_rest(session)
    return tab, session


def choose(tab: Tab, session: Session, name: str) -> None:
    tab.choose("lx-projection", name)
    until(lambda: session.state.scene.projection.name == name, f"the {name} map")
    until(
        lambda: tab.page.locator(".lx-map").get_attribute("data-scene") == str(session.state.scene.key), name
    )


def orientation(session: Session) -> Orientation:
    return session.state.scene.projection.orientation


def drag(tab: Tab, start: tuple[float, float], end: tuple[float, float]) -> None:
    tab.page.mouse.move(*start)
    tab.page.mouse.down()
    tab.page.mouse.move(*end, steps=6)
    tab.page.mouse.up()


def is_whole(session: Session) -> bool:
    """Whether the newest map is of the newest turn, with every pixel."""
    image = session.view.image.read()[1]
    width, turned = session.view.viewport.width, session.state.orientation
    return image.viewport.width == width and image.projection.orientation == turned


def decoded_at(tab: Tab) -> tuple[float, ...]:
    """The place of the plane that the newest frame was decoded from."""
    frame = tab.page.locator(".lx-frame")
    return tuple(float(frame.get_attribute(f"data-{axis}") or "nan") for axis in "xy")


def pins(tab: Tab) -> dict[int, tuple[float, float]]:
    """Number and plane position of each pin that is drawn on the map."""
    drawn = tab.page.locator(".lx-map").get_attribute("data-pins") or ""
    rows = [pin.split() for pin in drawn.split(";") if pin]
    return {int(number): (float(x), float(y)) for x, y, number in rows}


def test_the_globe_turns_under_the_hand_and_decodes_in_all_three_maps(
    context: BrowserContext, globe: App
) -> None:
    tab, session = opened(context, globe)
    for name in GLOBES:
        if name != "orthographic":
            turned = orientation(session)
            choose(tab, session, name)
            assert orientation(session) == turned  # switching turns nothing
        start, end = tab.at(0.5, 0.5), tab.at(0.56, 0.46)
        before, held = orientation(session), session.decoder.code_at(tab.plane(*start))
        maps = tab.maps
        tab.page.mouse.move(*start)
        tab.page.mouse.down()
        tab.page.mouse.move(*tab.at(0.53, 0.49), steps=4)
        until(lambda maps=maps: tab.maps > maps, "a turned map while the button is down")
        tab.page.mouse.move(*end, steps=4)
        tab.page.mouse.up()
        until(lambda before=before: orientation(session) != before, "the turned globe")
        # The place that was taken hold of is under the hand now: nearer than one step of the hand is long,
        # so this is the last turn.
        until(
            lambda held=held, end=end: np.allclose(
                session.state.scene.projection.forward(held[None])[0], tab.plane(*end), atol=0.005
            ),
            "the place to follow the hand",
        )
        place = tab.at(0.45, 0.52)
        tab.page.mouse.move(*place)
        until(lambda place=place: decoded_at(tab) == pytest.approx(tab.plane(*place), abs=0.02), "its frame")
        np.testing.assert_allclose(
            session.decoder.frame.read()[1].code, session.decoder.code_at(session.state.cursor), atol=1e-5
        )
    assert tab.problems == []


def test_a_pin_stays_on_its_place_through_a_turn_and_a_change_of_map(
    context: BrowserContext, globe: App
) -> None:
    tab, session = opened(context, globe)
    tab.page.keyboard.down("Shift")
    x, y = tab.at(0.52, 0.47)
    tab.page.mouse.click(x, y)
    tab.page.keyboard.up("Shift")
    until(lambda: set(pins(tab)) == {1}, "the pin on the map")
    code = session.pins.pins[0].code
    assert pins(tab)[1] == pytest.approx(tab.plane(x, y), abs=0.01)
    drag(tab, tab.at(0.5, 0.5), tab.at(0.55, 0.55))
    for name in (None, "cylindrical", "stereographic"):
        if name is not None:
            choose(tab, session, name)
        until(
            lambda: (
                pins(tab).get(1)
                == pytest.approx(session.state.scene.projection.forward(code[None])[0], abs=1e-4)
            ),
            "the pin where its code is",
        )
    tab.page.locator(".lx-tab-pinned").click()
    tab.page.locator(".lx-pin").wait_for()
    assert tab.page.locator(".lx-tab-pinned").inner_text() == "Pinned (1)"
    tab.page.locator(".lx-generate input").click()
    until(lambda: session.pins.tool, "the tool")
    tab.page.mouse.click(*tab.at(0.48, 0.5))
    until(lambda: set(pins(tab)) == {1, 2}, "the second pin")
    assert session.state.picked is None
    with tab.page.expect_download() as download:
        tab.page.locator(".lx-pins-npz").click()
    saved = np.load(download.value.path())
    np.testing.assert_array_equal(saved["codes"], session.pins.codes())
    assert saved["samples"].shape == (2, *session.state.scene.dataset.shape)
    tab.page.locator(".lx-pin-remove").first.click()
    until(lambda: set(pins(tab)) == {2}, "the first one to be gone")
    tab.page.locator(".lx-undo").click()
    until(lambda: set(pins(tab)) == {1, 2}, "it again")
    assert tab.problems == []


def test_the_back_of_the_globe_is_hidden_or_dimmed_and_keys_turn_it(
    context: BrowserContext, globe: App
) -> None:
    tab, session = opened(context, globe)
    tab.page.mouse.click(*tab.at(0.5, 0.5))
    codes = session.state.scene.cloud.mean
    for _ in range(24):  # the codes of a model that has seen nothing lie on one side: until that is the rim
        before = orientation(session)
        tab.page.keyboard.press("d")
        until(lambda before=before: orientation(session) != before, "the globe to turn by a key")
        if 0.05 < session.state.scene.projection.visible(codes).mean() < 0.95:
            break
    until(lambda: session.view.image.read()[1].projection.orientation == orientation(session), "its map")
    shown = tab.page.locator(".lx-map").get_attribute("data-bytes")
    image = session.view.image.read()[1]
    tab.page.locator(".lx-dims input").click()
    until(lambda: session.state.dims, "the choice to arrive")
    until(lambda: session.view.image.read()[1].pixels != image.pixels, "the dimmed back")
    until(lambda: tab.page.locator(".lx-map").get_attribute("data-bytes") != shown, "the page to show it")
    tab.page.locator(".lx-face button").click()
    until(lambda: orientation(session) == Orientation(), "the way it came")
    assert tab.problems == []


def test_a_cloud_in_space_turns_and_shows_the_point_in_front(context: BrowserContext, solid: App) -> None:
    tab, session = opened(context, solid)
    choose(tab, session, "rotation")
    before, maps = orientation(session), tab.maps
    drag(tab, tab.at(0.4, 0.5), tab.at(0.6, 0.4))
    # Every pixel is painted once the hand has let go. On a map of half the way another sample is in front.
    until(
        lambda: orientation(session) != before and tab.maps > maps and is_whole(session), "the turned cloud"
    )
    xy, near = session.state.scene.projection.see(session.state.scene.cloud.mean)
    front = int(near.argmax())
    box, (x, y) = tab.inner(), xy[front].tolist()
    place = (
        box["left"] + (x - box["x0"]) / (box["x1"] - box["x0"]) * box["width"],
        box["top"] + (box["y1"] - y) / (box["y1"] - box["y0"]) * box["height"],
    )
    tab.page.mouse.move(*place)
    until(lambda: "in front" in tab.text("lx-readout"), "the point under the cursor")
    tab.page.mouse.click(*place)
    until(
        lambda: (
            session.state.picked is not None
            and session.state.picked.index == session.decoder.frame.read()[1].point
        ),
        "that point to be picked",
    )
    row = session.state.picked.index
    # The plane through the picked point, under a free cursor.
    tab.choose("lx-hold", "picked")
    until(lambda: session.hold.hold == "picked", "the plane through it")
    tab.page.mouse.move(*tab.at(0.3, 0.3))
    until(lambda: f"through sample #{row}" in tab.text("lx-readout"), "a place of that plane")
    frame, picked = session.decoder.frame.read()[1], session.state.scene.cloud.mean[row]
    depth = session.state.scene.projection.depth
    assert depth(frame.code[None])[0] == pytest.approx(depth(picked[None])[0], abs=1e-4)
    assert tab.problems == []


@pytest.mark.parametrize("name", ["fashion-mnist", "wine-quality"])
def test_other_data_go_the_same_way(
    context: BrowserContext, serve: Callable[..., App], real_data: Path | None, tmp_path: Path, name: str
) -> None:
    app = serve(Choice(source_of(name, real_data, tmp_path), "sphere-vae", 3, NARROW), real_data)
    tab, session = opened(context, app)
    for projection in ("orthographic", "cylindrical", "rotation"):
        if projection != "orthographic":
            choose(tab, session, projection)
        before = orientation(session)
        drag(tab, tab.at(0.5, 0.5), tab.at(0.55, 0.52))
        until(lambda before=before: orientation(session) != before, "the turned map")
        frames = tab.frames
        tab.page.mouse.move(*tab.at(0.47, 0.53))
        until(lambda frames=frames: tab.frames > frames, "a decoded place")
        assert session.decoder.frame.read()[1].sample.shape == tuple(session.state.scene.dataset.shape)
    assert tab.problems == []
