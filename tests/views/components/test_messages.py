"""What is packed can be unpacked by whoever knows the four bytes at the head."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.views.components.messages import message

HEADS = st.dictionaries(
    st.text(),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False, allow_infinity=False)
    ),
)


@given(HEADS, st.binary())
def test_head_and_body_come_back(head: dict[str, object], body: bytes) -> None:
    packed = message(head, body)
    size = packed[0] + 256 * packed[1] + 65_536 * packed[2] + 16_777_216 * packed[3]
    assert json.loads(packed[4 : 4 + size].decode("ascii")) == head
    assert packed[4 + size :] == body


def test_a_number_that_no_browser_parses_is_refused() -> None:
    # JSON.parse throws on NaN, and the page would stand still without a word.
    with pytest.raises(ValueError, match="JSON"):
        message({"error": float("nan")}, b"")
