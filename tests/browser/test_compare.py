"""Three linked maps, the table and the reconstructions, as a person sees them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Locator

from explorer.core.comparison.triptych import TriptychPainter
from explorer.core.quality import bootstrap, class_measures
from explorer.core.scene.viewport import Viewport
from explorer.session import Session
from tests.browser.tab import App, Tab, until

CHOSEN = (3, 5, 8)


@pytest.fixture(scope="module", autouse=True)
def _few_draws() -> Iterator[None]:
    """How sure the figures are is tested where they are made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "RESAMPLES", 40)
        patch.setattr(class_measures, "_DEALT", 2_000)
        yield


@pytest.fixture(scope="module")
def tab(lasting_tab: Tab, app: App) -> Tab:
    """Three digits selected with the legend and trained on, and the comparison opened."""
    tab, session = lasting_tab, app.session()
    tab.unfold("Combine, by expression")
    tab.page.locator(".lx-how").get_by_text("add", exact=True).click()
    until(lambda: session.selection.how == "add", "adding")
    labels = session.state.scene.cloud.labels
    for index in CHOSEN:
        tab.press_select(index)
        until(
            lambda index=index: (
                session.state.selected is not None and session.state.selected[labels == index].all()
            ),
            f"the {index}s",
        )
    tab.page.locator(".lx-train-on").get_by_text("selection").click()
    until(lambda: session.settings.on == "selection", "the choice")
    tab.unfold("Epochs, batch size")
    box = tab.page.locator(".lx-epochs input")
    box.fill("4")
    box.press("Enter")
    until(lambda: session.settings.plan.epochs == 4, "the plan")
    tab.page.locator(".lx-train").click()
    until(lambda: session.state.run is not None and session.state.run.state.over, "the end of the run")
    tab.page.locator(".lx-tab-compare").click()
    until(lambda: maps(tab) > 0, "the three maps")
    return tab


def comparison(tab: Tab) -> Locator:
    return tab.page.locator(".lx-compare-maps")


def maps(tab: Tab) -> int:
    return int(comparison(tab).get_attribute("data-maps") or 0)


def stage(tab: Tab, which: int, fx: float, fy: float) -> tuple[float, float]:
    """Page pixels of a place of one of the maps, in fractions from its left and top."""
    box = comparison(tab).locator(".stage").nth(which).bounding_box()
    return box["x"] + fx * box["width"], box["y"] + fy * box["height"]


def viewed(tab: Tab) -> list[float]:
    """x0, x1, y0, y1 of the maps that are on the page."""
    return [float(end) for end in comparison(tab).get_attribute("data-view").split()]


def plane(tab: Tab, fx: float, fy: float) -> tuple[float, float]:
    x0, x1, y0, y1 = viewed(tab)
    return x0 + fx * (x1 - x0), y1 - fy * (y1 - y0)


def ink(tab: Tab, which: int) -> int:
    """How many pixels are drawn over one of the maps: cross-hair, arrows, a brush."""
    canvas = comparison(tab).locator("canvas.ink").nth(which)
    return canvas.evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".filter((v, i) => i % 4 === 3 && v > 0).length"
    )


def pixels(canvas: Locator) -> np.ndarray:
    return np.array(
        canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    )


def twins(tab: Tab) -> int:
    return int(tab.page.locator(".lx-twin-before").get_attribute("data-frames"))


def settled(session: Session) -> bool:
    measuring = session.comparison.measures
    return not measuring.busy and measuring.current


def test_three_maps_take_the_place_of_the_map(tab: Tab, app: App) -> None:
    session = app.session()
    pair = session.comparison.pair
    selected = int(np.isin(session.state.scene.cloud.labels, CHOSEN).sum())
    until(lambda: comparison(tab).get_attribute("data-points") == f"1797 {selected} 1797", "their points")
    assert not tab.page.locator(".lx-map").is_visible()
    assert pair.after.side.cloud is session.state.scene.cloud
    captions = comparison(tab).locator("figcaption").all_inner_texts()
    assert [text.split("all")[0].strip() for text in captions[::2]] == [
        "Before the training",
        "After epoch 4",
    ]
    assert f"{selected:,} selected" in captions[1]


def test_one_hover_over_all_three(tab: Tab, app: App) -> None:
    session = app.session()
    for which in (0, 1, 2):
        frames, share = twins(tab), 0.3 + 0.1 * which
        tab.page.mouse.move(*stage(tab, which, share, 0.5))
        until(lambda frames=frames: twins(tab) > frames, "both decoded samples")
        wanted = plane(tab, share, 0.5)
        shown = tab.page.locator(".lx-twin-before")

        def arrived(shown: Locator = shown, wanted: tuple[float, float] = wanted) -> bool:
            place = float(shown.get_attribute("data-x")), float(shown.get_attribute("data-y"))
            return np.allclose(place, wanted, atol=0.05)

        until(arrived, "the place under the hand")
        place = np.array([[float(shown.get_attribute("data-x")), float(shown.get_attribute("data-y"))]])
        for handle, placed in zip(
            ("lx-twin-before", "lx-twin-after"),
            (session.comparison.pair.before, session.comparison.pair.after),
            strict=True,
        ):
            with torch.inference_mode():
                sample = placed.side.model.decode(torch.tensor(place, dtype=torch.float32)).numpy().ravel()
            assert np.abs(pixels(tab.page.locator(f".{handle}"))[::4] / 255 - sample).max() < 0.005
        assert all(ink(tab, other) > 100 for other in (0, 1, 2)), "a cross-hair on each"


def test_wheel_and_drag_move_all_three(tab: Tab, app: App) -> None:
    image = app.session().comparison.image
    before = image.read()[1].viewport
    tab.page.mouse.move(*stage(tab, 0, 0.5, 0.5))
    tab.page.mouse.wheel(0, -240)
    until(
        lambda: image.read()[1].viewport.x1 - image.read()[1].viewport.x0 < 0.8 * (before.x1 - before.x0),
        "closer maps",
    )
    near = image.read()[1].viewport
    tab.page.mouse.down()
    tab.page.mouse.move(*stage(tab, 0, 0.7, 0.5), steps=4)
    tab.page.mouse.up()
    moved = 0.2 * (near.x1 - near.x0)
    until(lambda: abs(near.x0 - moved - image.read()[1].viewport.x0) < 0.1 * moved, "moved maps")
    tab.page.locator(".lx-compare-all").click()
    until(lambda: image.read()[1].viewport == before, "everything again")
    # On the page too: what is brushed next is brushed on what is seen.
    until(lambda: np.allclose(viewed(tab), (*before.x_range, *before.y_range)), "everything on the page")


def brush(tab: Tab, session: Session) -> None:
    """Draw a box on the first map: what it holds on the maps that are seen is what is selected."""
    former = session.state.selected
    session.selection.how = "replace"
    tab.page.locator(".lx-compare-box").click()
    (x0, y1), (x1, y0) = plane(tab, 0.35, 0.3), plane(tab, 0.65, 0.7)
    x, y = session.comparison.pair.before.xy.T
    tab.page.mouse.move(*stage(tab, 0, 0.35, 0.3))
    tab.page.mouse.down()
    tab.page.mouse.move(*stage(tab, 0, 0.65, 0.7), steps=4)
    tab.page.mouse.up()
    until(lambda: session.state.selected is not former, "the selection")
    tab.page.locator(".lx-compare-move").click()
    slack = 0.01 * (x1 - x0)
    inner = (x > x0 + slack) & (x < x1 - slack) & (y > y0 + slack) & (y < y1 - slack)
    outer = (x > x0 - slack) & (x < x1 + slack) & (y > y0 - slack) & (y < y1 + slack)
    assert (inner <= session.state.selected).all()
    assert (session.state.selected <= outer).all()


def middle(tab: Tab) -> str:
    """How many samples the map in the middle shows."""
    return comparison(tab).get_attribute("data-points").split()[1]


def test_a_brush_on_one_is_a_selection_on_all(tab: Tab, app: App) -> None:
    session = app.session()
    former = str(session.state.selection.count)
    until(lambda: settled(session), "the figures")
    brush(tab, session)
    count = session.state.selection.count
    until(lambda: middle(tab) == str(count), "the middle map")
    session.undo.undo()
    until(lambda: middle(tab) == former, "the former one")


def test_a_brush_is_of_the_maps_on_the_page_while_newer_ones_are_under_way(
    tab: Tab, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = app.session()
    comparing, former = session.comparison, str(session.state.selection.count)
    look, every, homes = comparing.look, viewed(tab), []

    def withheld(viewport: Viewport, *, home: bool, **rest: Any) -> None:
        if home:
            homes.append(partial(look, viewport, home=True, **rest))
        else:
            look(viewport, home=False, **rest)

    monkeypatch.setattr(comparing, "look", withheld)
    tab.page.mouse.move(*stage(tab, 0, 0.5, 0.5))
    tab.page.mouse.wheel(0, -240)
    until(lambda: viewed(tab)[1] - viewed(tab)[0] < 0.8 * (every[1] - every[0]), "closer maps")
    everything = tab.page.locator(".lx-compare-all")
    everything.click()
    until(lambda: homes, "the question")
    everything.click()  # which is asked as soon as the first has its answer
    homes[0]()
    until(lambda: len(homes) == 2 and np.allclose(viewed(tab), every), "the first answer")
    brush(tab, session)
    homes[1]()
    session.undo.undo()
    until(lambda: middle(tab) == former, "the former selection")


def at_rest(session: Session) -> bool:
    """Whether the last maps are those that were asked for last."""
    comparing = session.comparison
    return comparing.image.read()[1].pixels == TriptychPainter().paint(comparing.request()).pixels


def test_the_legend_hides_a_class_on_all(tab: Tab, app: App) -> None:
    session, comparing = app.session(), app.session().comparison
    until(lambda: at_rest(session), "the maps")
    before = comparing.image.read()[1].pixels
    toggle = tab.page.locator(".lx-legend button.toggle").nth(3)
    toggle.click()
    until(lambda: session.state.hidden == {3} and at_rest(session), "the maps without it")
    without = comparing.image.read()[1].pixels
    assert all(a != b for a, b in zip(before, without, strict=True))
    toggle.click()
    until(lambda: not session.state.hidden and at_rest(session), "the maps with it")


def test_arrows_morph_and_swap(tab: Tab, app: App) -> None:
    comparing = app.session().comparison
    pair, plain = comparing.pair, ink(tab, 2)
    tab.page.locator(".lx-compare-arrows").click()
    until(lambda: int(comparison(tab).get_attribute("data-moves")) > 5, "arrows")
    until(lambda: ink(tab, 2) > plain + 50, "arrows on the right map")
    tab.page.locator(".lx-compare-arrows").click()
    tab.page.locator(".lx-compare-morph").focus()
    tab.page.keyboard.press("Home")
    until(lambda: comparison(tab).get_attribute("data-fraction") == "0", "the beginning of the way")
    until(
        lambda: comparing.image.read()[1].pixels[2] == comparing.image.read()[1].pixels[0], "the maps before"
    )
    tab.page.locator(".lx-compare-play").click()
    until(lambda: "Play" in tab.text("lx-compare-play") and comparing.morph == 1.0, "the end of the way")
    tab.page.locator(".lx-compare-swap").click()
    until(lambda: comparing.pair.before is pair.after, "the other way round")
    until(
        lambda: comparison(tab).locator("figcaption").first.inner_text().startswith("After epoch 4"),
        "its name",
    )
    comparison(tab).focus()
    tab.page.keyboard.press("x")
    until(lambda: comparing.pair.before is pair.before, "as it was")


def test_measure_and_see_the_table(tab: Tab, app: App) -> None:
    session = app.session()
    measuring = session.comparison.measures
    until(lambda: settled(session), "few samples to be measured unasked")
    before = measuring.comparison
    tab.page.locator(".lx-compare-measure").click()
    until(lambda: settled(session) and measuring.comparison is not before, "the table")
    wanted = [
        (change.name, f"{change.after.value:.3f}".replace("-", "−"), change.verdict)
        for change in measuring.comparison.changes
    ]

    def shown() -> bool:
        texts = tab.page.locator(".lx-compare-table tr").all_inner_texts()[1:]
        return len(texts) == 6 and all(
            all(part in text for part in parts) for parts, text in zip(wanted, texts, strict=True)
        )

    until(shown, "six measures with their verdicts")
    # A row may be made anew while one looks at it.
    verdict = tab.page.locator(".lx-compare-table .verdict").last
    until(lambda: (box := verdict.bounding_box()) and box["x"] + box["width"] <= 1280, "all of them in sight")


def test_reconstructions_stand_beside_their_originals(tab: Tab, app: App) -> None:
    session = app.session()
    until(lambda: tab.page.locator(".lx-compare-samples .trio").count() == 24, "the selected samples")
    found = session.comparison.measures.examples
    canvases = tab.page.locator(".lx-compare-samples .trio").first.locator("canvas")
    for canvas, sample in zip(
        canvases.all(),
        (session.state.scene.dataset.x[found.rows[0]], found.before[0], found.after[0]),
        strict=True,
    ):
        assert np.abs(pixels(canvas)[::4] / 255 - sample.ravel()).max() < 0.005
    tab.page.locator(".lx-compare-which").select_option("worst changed")
    until(lambda: (session.comparison.measures.examples.rows >= 1438).all(), "the worst changed")


def test_another_tab_brings_the_map_back_as_it_was(tab: Tab) -> None:
    tab.page.locator(".lx-tab-train").click()
    until(lambda: tab.page.locator(".lx-map").is_visible(), "the map")
    frames = tab.frames
    tab.page.mouse.move(*tab.at(0.45, 0.5))
    tab.page.mouse.move(*tab.at(0.5, 0.5))
    until(lambda: tab.frames > frames, "frames under the hand")
    shown = maps(tab)
    tab.page.locator(".lx-tab-compare").click()
    until(lambda: not tab.page.locator(".lx-map").is_visible() and maps(tab) >= shown, "the comparison")
    tab.page.locator(".lx-drawer").click()
    until(lambda: tab.page.locator(".lx-map").is_visible(), "the map again")


def test_two_sides_that_are_asked_for_open_the_tab(tab: Tab, app: App) -> None:
    comparing = app.session().comparison
    until(lambda: not comparing.shown, "the server to know that the drawer is closed")
    pair = comparing.pair
    comparing.compare(pair.after.side, pair.before.side, related=True)
    tab.page.locator(".lx-compare-follow").wait_for()
    until(lambda: comparing.pair.before.side is pair.after.side, "the two")
    tab.page.locator(".lx-compare-follow").click()
    until(lambda: comparing.pair.before.side is pair.before.side, "the run again")
    until(lambda: not tab.page.locator(".lx-compare-follow").is_visible(), "nothing to go back to")


def test_on_a_narrow_screen_it_is_one_column(browser: Browser, app: App) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab = Tab(context.new_page()).open(app.url)
    tab.page.locator(".lx-tab-compare").click()
    tab.page.get_by_text("There is nothing to compare yet").wait_for()
    session = app.session()
    session.settings.plan.epochs = 1
    session.train()
    until(lambda: maps(tab) > 0, "the three maps")
    boxes = [comparison(tab).locator(".stage").nth(which).bounding_box() for which in (0, 1, 2)]
    assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] > 300 for box in boxes)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    tab.page.touchscreen.tap(*stage(tab, 0, 0.5, 0.5))
    until(lambda: twins(tab) > 0, "both decoded samples")
    context.close()
    assert tab.problems == []
