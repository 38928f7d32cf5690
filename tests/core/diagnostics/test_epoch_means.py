from __future__ import annotations

import pytest

from explorer.core.diagnostics.epoch_means import EpochMeans
from models import Step


def test_an_epoch_tells_of_all_its_samples() -> None:
    epochs = EpochMeans()  # taken up again after the first 100
    given = [(110, 5.0, False), (140, 2.0, False), (200, 1.0, True), (210, 7.0, False), (300, 3.0, True)]
    ends = []
    for seen, loss, done in given:
        step = Step(2 if seen <= 200 else 3, 9, seen, 900, {"loss": loss}, None, done, 1.0)
        told = epochs.add(step)
        assert done or told is step
        ends += [told] if done else []
    assert [end.terms["loss"] for end in ends] == [
        pytest.approx((10 * 5 + 30 * 2 + 60 * 1) / 100),
        pytest.approx((10 * 7 + 90 * 3) / 100),
    ]
    assert [end.seen for end in ends] == [200, 300]
