"""Keys, drags and the wheel: what they mean, and where they lead."""

from __future__ import annotations

from typing import Any

import pytest

from tests.views.conftest import Scripts

GESTURES = "components/gestures"
VIEW = {"x0": -2, "x1": 6, "y0": 10, "y1": 30}
SIZE = {"w": 400, "h": 200}


def key(scripts: Scripts, name: str, *, turns: bool = False, **held: bool) -> dict[str, Any] | None:
    event = {"key": name, "shiftKey": False, "ctrlKey": False, "metaKey": False, "altKey": False, **held}
    return scripts.run(GESTURES, "(m, [event, turns]) => m.keyMeaning(event, turns)", [event, turns])


def drag(scripts: Scripts, **given: Any) -> str:
    return scripts.run(GESTURES, "(m, given) => m.dragMeaning(given)", given)


def test_keys_of_all_maps(scripts: Scripts) -> None:
    assert key(scripts, "ArrowLeft") == {"kind": "step", "right": -1, "up": 0, "stride": 0.01}
    assert key(scripts, "ArrowUp", shiftKey=True) == {"kind": "step", "right": 0, "up": 1, "stride": 0.05}
    assert key(scripts, "W", turns=True) == {"kind": "turn", "right": 0, "up": 1}
    assert key(scripts, "=") == key(scripts, "+") == {"kind": "zoom", "factor": 0.8}
    assert key(scripts, "-") == {"kind": "zoom", "factor": 1.25}
    assert key(scripts, "0") == key(scripts, "Home") == {"kind": "home"}


@pytest.mark.parametrize("name", ["w", "Enter", "Escape", "m", "x", "Tab", "F5"])
def test_other_keys_are_left_to_others(scripts: Scripts, name: str) -> None:
    assert key(scripts, name) is None


@pytest.mark.parametrize("held", ["ctrlKey", "metaKey", "altKey"])
def test_what_the_browser_commands_is_left_to_it(scripts: Scripts, held: str) -> None:
    assert key(scripts, "0", **{held: True}) is None
    assert key(scripts, "ArrowLeft", **{held: True}) is None


@pytest.mark.parametrize(
    ("given", "meaning"),
    [
        ({"tool": "move"}, "move"),
        ({"tool": "move", "turns": True}, "turn"),
        ({"tool": "move", "turns": True, "shift": True}, "move"),
        ({"tool": "move", "touch": True}, "move"),
        ({"tool": "move", "touch": True, "probes": True, "turns": True}, "probe"),
        ({"tool": "move", "probes": True}, "move"),  # a mouse decodes without a drag
        ({"tool": "lasso", "turns": True}, "brush"),
        ({"tool": "box", "touch": True}, "brush"),
        ({}, "brush"),  # a tool of the figure, or none
    ],
)
def test_the_meaning_of_a_drag(scripts: Scripts, given: dict[str, Any], meaning: str) -> None:
    assert drag(scripts, **given) == meaning


def test_a_hand_that_shakes_drags_nothing(scripts: Scripts) -> None:
    moves = [[0, 0], [2, 3], [0, -4], [3, 3]]
    dragged = scripts.run(GESTURES, "(m, moves) => moves.map(([x, y]) => m.isDrag(x, y))", moves)
    assert dragged == [False, False, True, True]


def test_the_plane_stays_under_the_hand(scripts: Scripts) -> None:
    view = scripts.run(GESTURES, "(m, [view, size]) => m.moved(view, 100, 50, size)", [VIEW, SIZE])
    assert view == {"x0": -4, "x1": 4, "y0": 15, "y1": 35}


def test_a_zoom_keeps_its_place_and_the_wheel_undoes_itself(scripts: Scripts) -> None:
    place = [0, 15]
    view = scripts.run(GESTURES, "(m, [view, place]) => m.zoomed(view, 0.5, place)", [VIEW, place])
    assert view == {"x0": -1, "x1": 3, "y0": 12.5, "y1": 22.5}
    factors = scripts.run(GESTURES, "(m) => [-100, 100, 240, 5000].map(m.wheelFactor)")
    assert factors[0] * factors[1] == pytest.approx(1)
    assert factors[2] == factors[3] > factors[1] > 1


def test_a_step_begins_at_the_cursor_or_in_the_middle(scripts: Scripts) -> None:
    step = {"right": 1, "up": -1, "stride": 0.05}
    run = "(m, [view, cursor, step]) => m.stepped(view, cursor, step)"
    assert scripts.run(GESTURES, run, [VIEW, [1, 12], step]) == pytest.approx([1.4, 11])
    assert scripts.run(GESTURES, run, [VIEW, None, step]) == pytest.approx([2.4, 19])


STROKE = """(m, [shape, places]) => {
    const stroke = new m.Stroke(shape, places[0])
    places.slice(1).forEach((place) => stroke.extend(place))
    return {points: stroke.points, outline: stroke.outline, area: stroke.isArea(([x, y]) => [10 * x, 10 * y])}
}"""


def test_a_box_has_two_corners_and_is_drawn_around(scripts: Scripts) -> None:
    stroke = scripts.run(GESTURES, STROKE, ["box", [[0, 0], [5, 5], [2, 1]]])
    assert stroke["points"] == [[0, 0], [2, 1]]
    assert stroke["outline"] == [[0, 0], [2, 0], [2, 1], [0, 1]]
    assert stroke["area"]


def test_a_view_keeps_its_middle_and_one_scale_on_another_screen(scripts: Scripts) -> None:
    wide, tall = {"w": 400, "h": 200}, {"w": 300, "h": 600}
    view = {"x0": -2, "x1": 6, "y0": 10, "y1": 14}
    found = scripts.run(GESTURES, "(m, given) => m.resized(...given)", [view, wide, tall])
    assert found == {"x0": -1, "x1": 5, "y0": 6, "y1": 18}  # 0.02 a pixel, before and after
    back = scripts.run(GESTURES, "(m, given) => m.resized(...given)", [found, tall, wide])
    assert back == view


def test_a_view_of_another_shape_is_held_whole_at_one_scale(scripts: Scripts) -> None:
    fitted = "(m, given) => m.fitted(...given)"
    assert scripts.run(GESTURES, fitted, [VIEW, SIZE]) == {"x0": -18, "x1": 22, "y0": 10, "y1": 30}
    same = {"x0": -2, "x1": 2, "y0": 0, "y1": 2}
    assert scripts.run(GESTURES, fitted, [same, SIZE]) == same


def test_a_lasso_keeps_its_whole_path(scripts: Scripts) -> None:
    path = [[0, 0], [1, 0], [1, 1]]
    assert scripts.run(GESTURES, STROKE, ["lasso", path]) == {"points": path, "outline": path, "area": True}


@pytest.mark.parametrize(
    ("shape", "places"),
    [("box", [[0, 0]]), ("box", [[0, 0], [0.3, 0.2]]), ("lasso", [[0, 0], [9, 9]])],
    ids=["a press", "a shaking hand", "a line"],
)
def test_what_encloses_nothing_selects_nothing(scripts: Scripts, shape: str, places: list[Any]) -> None:
    assert not scripts.run(GESTURES, STROKE, [shape, places])["area"]


def test_an_action_runs_once_a_frame_of_the_screen(scripts: Scripts) -> None:
    runs = scripts.run(
        GESTURES,
        """async (m) => {
            const frame = () => new Promise(requestAnimationFrame)
            let runs = 0
            const soon = m.oncePerFrame(() => { runs += 1 })
            soon(); soon(); soon()
            const before = runs
            await frame()
            const after = runs
            soon()
            await frame()
            return [before, after, runs]
        }""",
    )
    assert runs == [0, 1, 2]
