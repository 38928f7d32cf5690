"""Codes as 16 bits: how far they err is said, and damage is noticed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from explorer.core.errors import StoreError
from explorer.runtime.store.codes_file import pack_codes, unpack_codes

numbers = st.floats(-(2.0**100), 2.0**100, width=32)
codes = hnp.arrays(np.float32, st.tuples(st.integers(0, 40), st.integers(1, 5)), elements=numbers)


@given(codes)
def test_a_code_comes_back_within_half_a_step(codes: np.ndarray) -> None:
    again = unpack_codes(pack_codes(codes))
    assert (again.shape, again.dtype) == (codes.shape, np.float32)
    if len(codes):
        span = np.ptp(codes.astype(np.float64), axis=0)
        most = span / 131_070 * (1 + 1e-9) + np.abs(codes) * 2.0**-23
        rounding = span * 2.0**-50
        assert (np.abs(again.astype(np.float64) - codes) <= most).all()
        for extreme in (np.min, np.max):
            assert (np.abs(extreme(again, axis=0) - extreme(codes, axis=0)) <= rounding).all()


def test_an_epoch_of_the_plane_takes_four_bytes_a_sample() -> None:
    codes = np.random.default_rng(0).standard_normal((60_000, 2), dtype=np.float32)
    assert len(pack_codes(codes)) / len(codes) < 4.001
    few = codes[:150]
    assert len(pack_codes(few)) / len(few) < 10


@given(st.data())
def test_damage_is_noticed(data: st.DataObject) -> None:
    whole = pack_codes(np.arange(12, dtype=np.float32).reshape(6, 2))
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(flipped), whole[:place], whole + b"x"):
        with pytest.raises(StoreError, match="damaged"):
            unpack_codes(damaged)


def test_codes_that_are_not_finite_are_not_kept() -> None:
    for value in (np.nan, np.inf):
        with pytest.raises(StoreError, match="not finite"):
            pack_codes(np.array([[0, 1], [value, 2]], dtype=np.float32))
