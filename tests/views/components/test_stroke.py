"""Shapes tell of themselves as a whole before they end, however fast they were drawn."""

from __future__ import annotations

from tests.views.conftest import Scripts

DRAWN = """(m, [shape, places]) => {
  const told = []
  const stroke = new m.LiveStroke({send_msg: (message) => told.push(message)}, shape, places[0])
  places.slice(1).forEach((place) => stroke.extend(place))
  stroke.close()
  return told.slice(-2)
}"""


def test_a_shape_is_told_as_a_whole_before_it_ends(scripts: Scripts) -> None:
    places = [[0, 0], [1, 0], [2, 0], [2, 2]]
    draw, brush = scripts.run("components/stroke", DRAWN, ["lasso", places])
    assert (draw["kind"], draw["path"]) == ("draw", places)
    assert (brush["kind"], brush["path"]) == ("brush", places)
