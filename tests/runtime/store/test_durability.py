"""Nothing that was committed is lost: killed at any moment, on a full disk, with others at the same store."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.core.latent.cloud import weights_token
from explorer.runtime.store.reader import KeptRun
from explorer.runtime.store.records import KeptState
from explorer.runtime.store.store import RunStore

KILLS = 50
EPOCHS = 120
FEW = 40  # epochs, where nobody is killed
LONGEST = 0.15  # seconds that a training goes on before it is killed: some epochs
PATIENCE = 60.0


class Forks:
    """A prepared process, and the trainings that it forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said: list[dict] = []

    def train(self, folder: Path, name: str = "run", epochs: int = EPOCHS, **limits: int | str) -> int:
        """Fork one that goes on with the run of that name, or begins it; the number of its process.

        It writes no file larger than `largest` bytes, and stands still while there is a file `held`.
        """
        order = {"folder": str(folder), "name": name, "epochs": epochs} | limits
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self.hear("forked")["forked"]

    def hear(self, *words: str, of: int | None = None) -> dict:
        """The next line that says one of these, of that process or of any."""
        while True:
            for line in self._said:
                if any(word in line and of in (None, line[word]) for word in words):
                    self._said.remove(line)
                    return line
            self._said.append(json.loads(self._process.stdout.readline()))


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    script = Path(__file__).with_name("forked.py")
    root = script.parent.parent.parent
    with subprocess.Popen(
        [sys.executable, script],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        forks = Forks(process)
        forks.hear("ready")
        forks.hear("begun")
        yield forks
        process.stdin.close()


@cache
def uninterrupted(epochs: int = EPOCHS) -> str:
    """What the weights are after so many epochs that nothing happened in."""
    iris = load_dataset("iris")
    model = models.create("vae", shape=iris.shape, width=0.25, seed=1)
    for _ in models.fit(model, iris.train, epochs=epochs, batch_size=60, seed=4):
        pass
    return weights_token(model)


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.001)
    raise AssertionError("it would not die")


def whole(kept: KeptRun, since: int = 0) -> int:
    """Read all that was committed of a run from an epoch on; its last epoch."""
    assert [epoch.epoch for epoch in kept.epochs] == list(range(len(kept.epochs)))
    for epoch in kept.epochs[since:]:
        assert epoch.epoch == 0 or epoch.terms["loss"] == epoch.terms["loss"]
        kept.model(epoch.epoch)
        codes = kept.codes(epoch.epoch)
        assert codes is None or codes.shape == (150, 2)
    last = kept.epoch().epoch
    state = kept.state()
    assert (state.epoch if state else 0) == last == kept.record.epoch
    return last


def test_killed_at_any_moment_it_goes_on_and_ends_where_an_uninterrupted_one_does(
    forks: Forks, tmp_path: Path
) -> None:
    expected = uninterrupted()
    moments, kills, runs = random.Random(), 0, 0
    reached: set[int] = set()
    while kills < KILLS:
        runs += 1
        store, last = RunStore(tmp_path / f"store {runs}"), 0
        while True:
            child = forks.train(store.folder)
            line = forks.hear("begun", "ended", of=child)
            assert "begun" in line, line
            time.sleep(moments.uniform(0, LONGEST))
            with contextlib.suppress(ProcessLookupError):
                kill(child)
            [record] = store.records()
            if record.state is KeptState.DONE:
                break  # it had come to its end before
            kills += 1
            assert record.state is KeptState.INTERRUPTED
            now = whole(KeptRun(store, record), since=last)
            assert now >= last, "an epoch that was committed is gone"
            reached.add(last := now)
        [record] = store.records()
        assert whole(KeptRun(store, record)) == EPOCHS
        assert weights_token(KeptRun(store, record).model()) == expected
        names = {path.name for path in store.of(record.id).iterdir()}
        assert len(names) == EPOCHS + 1 + 3, "nothing is left of what was not committed"
    assert len(reached) > KILLS / 4, "they were killed at many an epoch"


def test_killed_while_it_begins_there_is_a_run_or_there_is_none(forks: Forks, tmp_path: Path) -> None:
    for number in range(12):
        store = RunStore(tmp_path / str(number))
        child = forks.train(store.folder, epochs=2)
        time.sleep(0.002 * number)
        with contextlib.suppress(ProcessLookupError):
            kill(child)
        for record in store.records():
            whole(KeptRun(store, record))
        again = forks.train(store.folder, epochs=2)
        assert forks.hear("ended", of=again)["error"] is None
        store.sweep()
        [record] = store.records()
        assert record.state is KeptState.DONE
        assert {path.name for path in store.folder.iterdir() if path.is_dir()} == {record.id}


def test_several_processes_write_at_once(forks: Forks, tmp_path: Path) -> None:
    expected, names = uninterrupted(20), [f"run {number}" for number in range(4)]
    # All of them at once, before there is a store.
    children, seen = [forks.train(tmp_path, name, epochs=20) for name in names], []
    for child in children:
        assert forks.hear("ended", of=child)["error"] is None
        seen.append(len(RunStore(tmp_path).records()))
    store = RunStore(tmp_path)
    assert seen[-1] == len(names)
    for name in names:
        kept = KeptRun(store, store.find(name))
        assert kept.record.state is KeptState.DONE
        assert whole(kept) == 20
        assert weights_token(kept.model()) == expected
    assert len({record.owner for record in store.records()}) == len(names)


def test_two_processes_never_write_one_run(forks: Forks, tmp_path: Path) -> None:
    held, store = tmp_path / "held", RunStore(tmp_path / "store")
    held.touch()
    first = forks.train(store.folder, held=str(held))
    forks.hear("begun", of=first)
    refused = forks.hear("ended", of=forks.train(store.folder))
    assert "is being trained by another process (process " in refused["error"]
    assert "\n" not in refused["error"]
    held.unlink()
    assert forks.hear("ended", of=first)["error"] is None
    [record] = store.records()
    assert weights_token(KeptRun(store, record).model()) == uninterrupted()


@pytest.mark.parametrize("largest", [200_000, 1_000])
def test_a_full_disk_stops_the_run_with_one_sentence_and_keeps_what_was_committed(
    forks: Forks, tmp_path: Path, largest: int
) -> None:
    ended = forks.hear("ended", of=forks.train(tmp_path, epochs=FEW, largest=largest))
    assert ended["error"].startswith(f"there is no room left for the run store {tmp_path}; free some"), ended
    assert "\n" not in ended["error"]
    store = RunStore(tmp_path)
    [record] = store.records()
    assert record.state in (KeptState.FAILED, KeptState.INTERRUPTED)
    last = whole(KeptRun(store, record))
    assert (last > 3) == (largest > 100_000)
    assert last < FEW
    assert forks.hear("ended", of=forks.train(tmp_path))["error"] is None, "there is room again"
    [record] = store.records()
    assert whole(KeptRun(store, record)) == FEW
    assert weights_token(KeptRun(store, record).model()) == uninterrupted(FEW)
