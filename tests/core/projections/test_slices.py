from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.core.errors import ExplorerError
from explorer.core.projections import Slice

CLOUD = np.random.default_rng(0).normal(size=(100, 6)) + 5


@given(axes=st.permutations(range(1, 7)), row=st.integers(0, 99) | st.none())
def test_two_axes_are_drawn_and_the_others_held(axes: list[int], row: int | None) -> None:
    across, up, *others = axes
    through = None if row is None else CLOUD[row]
    cut = Slice(across=across, up=up, through=through).fit(CLOUD)
    xy = cut.forward(CLOUD)
    np.testing.assert_array_equal(xy, np.column_stack([CLOUD[:, across - 1], CLOUD[:, up - 1]]))
    z = cut.inverse(xy)
    np.testing.assert_array_equal(cut.forward(z), xy)
    held = [axis - 1 for axis in others]
    np.testing.assert_array_equal(
        z[:, held], np.zeros((100, 4)) if row is None else CLOUD[[row] * 100][:, held]
    )
    assert cut.axis_labels == (f"z{across}", f"z{up}")
    if through is not None:
        np.testing.assert_array_equal(cut.inverse(cut.forward(through[None]))[0], through)


def test_axes_that_there_are_not_are_answered_with_those_there_are() -> None:
    for across, up in ((2, 2), (1, 7)):
        with pytest.raises(
            ExplorerError, match=f"latent axes {across} and {up} cannot be drawn of 6; .* 1 to 6"
        ):
            Slice(across=across, up=up).fit(CLOUD)
    cut = Slice(through=np.full(6, np.nan)).fit(CLOUD)
    with pytest.raises(ExplorerError, match="code of 6 finite coordinates"):
        cut.inverse(np.zeros((1, 2)))
