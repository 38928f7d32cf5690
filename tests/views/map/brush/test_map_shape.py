"""Shapes that are drawn by key: when they are complete, and the line that is drawn of them."""

from __future__ import annotations

from tests.views.conftest import Scripts

SET = """(m, [kind, places]) => {
  const shape = new m.KeyedShape(kind)
  const done = places.map((place) => shape.set(place))
  return {done, corners: shape.corners, outline: shape.outline([9, 9])}
}"""


def test_a_box_is_complete_by_its_second_corner(scripts: Scripts) -> None:
    one = scripts.run("map/brush/map_shape", SET, ["box", [[0, 1]]])
    assert (one["done"], one["outline"]) == ([False], [[0, 1], [9, 1], [9, 9], [0, 9]])
    two = scripts.run("map/brush/map_shape", SET, ["box", [[0, 1], [0, 1], [4, 5]]])
    assert (two["done"], two["corners"]) == ([False, False, True], [[0, 1], [4, 5]])


def test_a_lasso_is_complete_by_a_corner_that_is_set_twice(scripts: Scripts) -> None:
    corners = [[0, 0], [4, 0], [4, 4]]
    drawn = scripts.run(
        "map/brush/map_shape", SET, ["lasso", [*corners[:2], corners[1], corners[2], corners[2]]]
    )
    assert drawn["done"] == [False, False, False, False, True]
    assert drawn["corners"] == corners
    assert drawn["outline"] == [*corners, [9, 9]]
