"""Trains in processes that may be killed: run as a script, it forks one for each line that it is given.

Importing torch takes seconds, forking a process that has done so a millisecond.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import torch

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.core.errors import ExplorerError
from explorer.runtime.run import Job
from explorer.runtime.store.store import RunStore
from explorer.runtime.training import headless


def say(**line: object) -> None:
    os.write(1, (json.dumps(line) + "\n").encode())  # in one piece, whoever else says something


def job_of(iris: Dataset, order: dict) -> Job:
    model = models.create("vae", shape=iris.shape, width=0.25, seed=1)
    return Job(model, iris, epochs=order["epochs"], batch_size=60, seed=4, name=order["name"], source="iris")


def train(iris: Dataset, order: dict) -> str | None:
    """Go on with the run of that name, or begin it; the sentence that ended it, if one did."""
    store = RunStore(Path(order["folder"]))
    try:
        runs = [record for record in store.records() if record.name == order["name"]]
        run = (
            headless.go_on(store, runs[0], dataset=iris)
            if runs
            else headless.begin(store, job_of(iris, order))
        )
        if "largest" in order:  # of a file, in bytes
            resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest"],) * 2)
        say(begun=os.getpid())
        for _ in run:
            while "held" in order and Path(order["held"]).exists():
                time.sleep(0.005)
    except ExplorerError as error:
        return str(error)
    return None


def main() -> None:
    torch.set_num_threads(1)
    iris = load_dataset("iris")
    with tempfile.TemporaryDirectory() as folder:  # once: a first training imports much too
        assert train(iris, {"folder": folder, "name": "warm", "epochs": 1}) is None
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries them
    say(ready=True)
    for line in sys.stdin:
        order = json.loads(line)
        if os.fork() == 0:
            say(forked=os.getpid())
            try:
                say(ended=os.getpid(), error=train(iris, order))
            except BaseException:
                say(ended=os.getpid(), error=traceback.format_exc())
            os._exit(0)


if __name__ == "__main__":
    main()
