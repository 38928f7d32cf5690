"""How often the map follows a training: against a clock that only the tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.latent import cloud
from explorer.core.latent.cloud import Cloud
from explorer.runtime.run import Job, Run
from explorer.runtime.training import loop
from explorer.runtime.training.loop import TrainingLoop
from models import Autoencoder, Step


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Pretended:
    """A training whose epochs and encodings take the time they are said to."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *, epochs: int, epoch: float, encoding: float, samples: int
    ) -> None:
        self.time = Time()
        self.taken: list[tuple[float, Step]] = []
        self.encoded = 0
        self._epochs, self._epoch, self._encoding, self._samples = epochs, epoch, encoding, samples
        monkeypatch.setattr(models, "fit", self._fit)
        monkeypatch.setattr(loop, "encode", self._encode)
        iris = load_dataset("iris")
        self.run = Run(Job(models.create("ae", shape=iris.shape, width=0.25), iris), self._look, self.time)
        self.course = TrainingLoop(self.run, torch.device("cpu"), self.time)

    @property
    def share(self) -> float:
        return self.encoded * self._encoding / self.time.now

    def _fit(self, model: Autoencoder, *_: Any, stop: Callable[[], bool], **__: Any) -> Iterator[Step]:
        reports = max(1, round(self._epoch / 0.25))
        of = self._epochs * self._samples
        for epoch in range(1, self._epochs + 1):
            for report in range(1, reports + 1):
                if stop():
                    return
                self.time.now += self._epoch / reports
                seen = (epoch - 1) * self._samples + self._samples * report // reports
                yield Step(epoch, self._epochs, seen, of, {}, None, report == reports, self.time.now)

    def _encode(self, model: Autoencoder, dataset: Dataset, **given: Any) -> Cloud:
        self.time.now += self._encoding
        self.encoded += 1
        return cloud.encode(model, dataset, **given)

    def _look(self) -> None:
        snapshot = self.run.snapshot.read()[1]
        if snapshot is not None and len(self.taken) < snapshot.version:
            assert snapshot.step is not None
            self.taken.append((self.time.now, snapshot.step))


def test_short_epochs_are_shown_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Pretended(monkeypatch, epochs=100, epoch=0.02, encoding=0.005, samples=100)
    assert made.course.follow()
    times = [time for time, _ in made.taken]
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert min(gaps[:-1]) >= 0.25
    assert max(gaps) < 0.30
    assert made.taken[-1][1].epoch == 100


def test_costly_encodings_take_a_fifth_of_the_time_and_the_last_epoch_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Pretended(monkeypatch, epochs=300, epoch=0.3, encoding=1.7, samples=1_000)
    assert made.course.follow()
    assert 0.1 < made.share < 0.22
    assert made.taken[-1][1].epoch == 300
    assert all(step.epoch_done for _, step in made.taken[1:])


def test_of_long_epochs_each_is_shown_and_the_first_early(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Pretended(monkeypatch, epochs=6, epoch=15.0, encoding=1.5, samples=60_000)
    assert made.course.follow()
    assert made.taken[0][0] < 4.0
    assert [step.epoch for _, step in made.taken if step.epoch_done] == [1, 2, 3, 4, 5, 6]
    assert made.share < 0.22


def test_none_is_taken_shortly_before_the_end_of_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Pretended(monkeypatch, epochs=12, epoch=14.0, encoding=0.2, samples=60_000)
    assert made.course.follow()
    gaps = [later - sooner for (sooner, _), (later, _) in pairwise(made.taken)]
    assert min(gaps) > 3 * 0.2
    assert not all(step.epoch_done for _, step in made.taken[1:])


def test_where_encoding_is_cheap_the_map_moves_within_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Pretended(monkeypatch, epochs=2, epoch=60.0, encoding=0.3, samples=60_000)
    assert made.course.follow()
    times = [0.0, *(time for time, _ in made.taken)]
    assert max(later - sooner for sooner, later in pairwise(times)) < 20.0
    assert made.share < 0.05


def test_a_stop_is_heard_while_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Pretended(monkeypatch, epochs=9, epoch=0.3, encoding=0.01, samples=1_000)
    encode, begun = loop.encode, []

    def stopped_meanwhile(model: Autoencoder, dataset: Dataset, **given: Any) -> Cloud:
        begun.append(model)
        if len(begun) == 2:
            made.run.stop()
        return encode(model, dataset, **given)

    monkeypatch.setattr(loop, "encode", stopped_meanwhile)
    assert not made.course.follow()
    assert made.run.snapshot.version == 1
    # The epoch whose encoding was broken off is encoded again, now that nothing else is waited for.
    made.course.keep_last_epoch(or_as_it_is=True)
    snapshot = made.run.snapshot.read()[1]
    assert snapshot is not None
    assert snapshot.step is not None
    assert (snapshot.version, snapshot.step.epoch) == (2, 2)


def test_a_stop_goes_back_from_within_an_epoch_to_its_end_without_encoding_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = Pretended(monkeypatch, epochs=2, epoch=60.0, encoding=0.3, samples=60_000)
    stop_at = made._look

    def look() -> None:
        stop_at()
        if made.taken and made.taken[-1][1].epoch == 2:
            made.run.stop()

    made.run._notify = look
    assert not made.course.follow()
    encoded = made.encoded
    made.course.keep_last_epoch(or_as_it_is=True)
    newest = made.run.snapshot.read()[1]
    assert newest is not None
    assert newest.step is not None
    assert (newest.step.epoch, newest.step.epoch_done) == (1, True)
    assert made.encoded == encoded


def test_few_training_samples_are_not_held_up_by_many_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = load_dataset("digits")
    monkeypatch.setattr(loop, "HELD_OUT", 50)
    model = models.create("ae", shape=digits.shape)
    few = loop.held_out(Job(model, digits, indices=np.arange(20)))
    again = loop.held_out(Job(model, digits, indices=np.arange(20)))
    assert len(few.x) == 50
    assert (few.x == again.x).all()
    assert len(loop.held_out(Job(model, digits)).x) == len(digits.test)
