"""Whatever is done to a store, in whatever order: it says what was committed, and nothing else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

import models
from explorer.core.datasets import load_dataset
from explorer.core.errors import StoreError
from explorer.core.latent.cloud import weights_token
from explorer.runtime.run import Job
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.store import RunStore
from explorer.runtime.store.writer import Recording
from models import OptimizerState, Step

IRIS = load_dataset("iris")
MODELS = [models.create("ae", shape=IRIS.shape, width=0.25, seed=seed) for seed in range(3)]
NAMES = st.text(st.characters(codec="utf-8"), max_size=12)


class Kept:
    """What the store should say of one run."""

    def __init__(self, name: str) -> None:
        self.name, self.note, self.state, self.trashed = name, "", KeptState.RUNNING, False
        self.weights: list[str] = [weights_token(MODELS[0])]
        self.codes: list[np.ndarray | None] = [None]


class Store(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.store = RunStore(Path(self._folder.name, "runs"))
        self.expected: dict[str, Kept] = {}
        self.held: dict[str, Recording] = {}

    def teardown(self) -> None:
        for recording in self.held.values():
            recording.close()
        self._folder.cleanup()

    runs = Bundle("runs")

    @rule(target=runs, name=NAMES)
    def begin(self, name: str) -> str:
        recording = Recording.begin(self.store, Job(MODELS[0], IRIS, epochs=9, name=name), "cpu")
        self.expected[recording.run] = Kept(recording.name)
        self.held[recording.run] = recording
        return recording.run

    @rule(run=runs, model=st.sampled_from(MODELS), cloud=st.booleans(), state=st.booleans())
    def commit(self, run: str, model: models.Autoencoder, cloud: bool, state: bool) -> None:
        if run not in self.held:
            return
        kept = self.expected[run]
        epoch = len(kept.weights)
        codes = np.random.default_rng(epoch).standard_normal((150, 2), dtype=np.float32) if cloud else None
        step = Step(epoch, 9, epoch * 120, 9 * 120, {"loss": 1 / epoch}, None, True, float(epoch))
        self.held[run].commit(step, model, OptimizerState(epoch, {}) if state else None, codes)
        kept.weights.append(weights_token(model))
        kept.codes.append(codes)

    @rule(run=runs, state=st.sampled_from([KeptState.DONE, KeptState.STOPPED, KeptState.FAILED]))
    def end(self, run: str, state: KeptState) -> None:
        if run in self.held:
            self.held.pop(run).end(state)
            self.expected[run].state = state

    @rule(run=runs)
    def die(self, run: str) -> None:
        if run in self.held:
            self.held.pop(run).close()
            self.expected[run].state = KeptState.INTERRUPTED

    @rule(run=runs)
    def take_up(self, run: str) -> None:
        kept = self.expected.get(run)
        try:
            recording = Recording.take_up(self.store, run)
        except StoreError:
            assert kept is None or kept.trashed or run in self.held
        else:
            assert not kept.trashed
            self.held[run] = recording
            kept.state = KeptState.RUNNING

    @rule(run=runs, name=NAMES, note=NAMES)
    def edit(self, run: str, name: str, note: str) -> None:
        if run in self.expected:
            self.store.edit(run, name=name, note=note)
            self.expected[run].name, self.expected[run].note = name, note

    @rule(run=runs)
    def trash(self, run: str) -> None:
        try:
            self.store.trash(run)
            self.expected[run].trashed = True
        except StoreError:
            assert run not in self.expected or run in self.held

    @rule(run=runs)
    def restore(self, run: str) -> None:
        if run in self.expected:
            self.store.restore(run)
            self.expected[run].trashed = False

    @rule()
    def sweep(self) -> None:
        gone = [run for run, kept in self.expected.items() if kept.trashed]
        assert self.store.sweep() == len(gone)
        for run in gone:
            del self.expected[run]
        assert {path.name for path in self.store.folder.iterdir() if path.is_dir()} == self.expected.keys()

    @invariant()
    def it_says_what_was_committed(self) -> None:
        shown = {record.id: record for record in self.store.records()}
        hidden = {record.id: record for record in self.store.records(trashed=True)}
        assert shown.keys() == {run for run, kept in self.expected.items() if not kept.trashed}
        assert hidden.keys() == {run for run, kept in self.expected.items() if kept.trashed}
        for run, record in (shown | hidden).items():
            kept = self.expected[run]
            assert (record.name, record.note, record.state) == (kept.name, kept.note, kept.state)
            assert record.epoch == len(kept.weights) - 1

    @invariant()
    def what_was_committed_can_be_read(self) -> None:
        for run, kept in self.expected.items():
            found = KeptRun(self.store, self.store.find(run))
            number = len(kept.weights) - 1  # each was read when it was the last
            assert weights_token(found.model(number)) == kept.weights[number]
            for epoch in {0, number}:
                codes = found.codes(epoch)
                assert (codes is None) == (kept.codes[epoch] is None)
                if codes is not None:
                    np.testing.assert_allclose(codes, kept.codes[epoch], atol=1e-4)


Store.TestCase.settings = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStore = Store.TestCase
