"""What a process shares is made once, computed once, and ended once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.core.datasets.tables import from_table
from explorer.core.latent.cloud import encode
from explorer.core.rendering.colouring import colouring
from explorer.core.rendering.painter import MapRequest, Style
from explorer.core.scene.scene import lay_out
from explorer.core.scene.viewport import Viewport
from explorer.runtime import base_models
from explorer.runtime.base import Choice
from explorer.runtime.concurrency.worker import Task
from explorer.services import Services

PATIENCE = 60.0


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr(base_models, "SMALL", 0)
    services = Services(home=tmp_path, start=Choice("iris", options=(("width", 0.25),)))
    yield services
    services.close()


def test_what_sessions_have_in_common_is_made_once(services: Services) -> None:
    iris = load_dataset("iris")
    model = models.create("vae", shape=iris.shape, width=0.25).eval()
    cloud = encode(model, iris)
    scene = services.lay_out(iris, model, cloud, "identity", None)
    assert services.lay_out(iris, model, cloud, "identity", None) is scene
    assert services.lay_out(iris, model, cloud, "pca", None) is not scene
    assert services.with_neighbours(scene) is services.with_neighbours(scene)
    assert services.colouring(scene, "split") is services.colouring(scene, "split")
    # A map that follows another is the follower's own: it is turned to that one.
    assert services.lay_out(iris, model, cloud, "identity", scene.projection) is not scene
    again = lay_out(iris, model, cloud, "identity")
    assert services.colouring(again, "split") is not services.colouring(scene, "split")
    assert (colouring(scene, "split").labels == services.colouring(scene, "split").labels).all()


def test_warming_up_makes_the_first_choice_ready(services: Services) -> None:
    services.warm_up()
    assert services.first is services.bases.get(services.start)
    assert services.first.choice.source == "iris"


def test_warming_up_for_a_base_at_hand_prepares_no_other(services: Services) -> None:
    iris = load_dataset("iris")
    given = services.bases.given(iris, models.create("ae", shape=iris.shape, width=0.25))
    asked = []
    services.bases.get = lambda *_, **__: asked.append(1)
    services.warm_up(given)
    assert services.first is given
    assert asked == []


@pytest.mark.parametrize("name", ["data.csv", "../../data.csv", "/data.csv"])
def test_an_upload_stays_in_its_folder_and_goes_with_the_process(services: Services, name: str) -> None:
    first, second = services.keep_upload(name, b"a,b\n1,2\n"), services.keep_upload(name, b"other")
    assert first.name == second.name == "data.csv"
    assert first != second
    assert first.read_bytes() == b"a,b\n1,2\n"
    root = Path(services._uploads.name).resolve()
    assert root in first.resolve().parents
    services.close()
    assert not root.exists()


def test_closing_ends_every_thread_and_is_idempotent(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    services = Services(home=tmp_path)
    made = set(threading.enumerate()) - before
    assert len(made) == len(services._workers) + 1  # and the training
    assert all(thread.daemon for thread in made)  # none holds up the end of the process
    services.close()
    services.close()
    assert not any(thread.is_alive() for thread in made)
    services.frames.ask("late", Task(pytest.fail, pytest.fail, pytest.fail))


def test_the_home_is_where_models_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(models, "default_plan", lambda samples: models.Plan(1, 64, 1e-3))
    services = Services(start=Choice("iris", options=(("width", 0.25),)))
    services.bases.get(services.start)
    while waiting := [thread for thread in threading.enumerate() if thread.name == "preparing iris"]:
        waiting[0].join(PATIENCE)
    services.close()
    assert len(list((tmp_path / "elsewhere" / "models").glob("iris-*.safetensors"))) == 1


def test_a_process_may_end_while_its_data_are_being_encoded() -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            "import explorer; explorer.Explorer(explorer.load_dataset('digits'))",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_warming_up_paints_the_first_map_before_anyone_asks(services: Services) -> None:
    services.warm_up()
    until = time.monotonic() + PATIENCE
    while not services.painter.ready and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert services.painter.ready == 1
    snapshot = services.first.snapshot.read()[1]
    scene = services.lay_out(services.first.dataset, snapshot.model, snapshot.cloud, "identity", None)
    painted = services.painter.paint(
        MapRequest(scene, Style(services.colouring(scene, "label")), Viewport(-1, 1, -1, 1, 30, 30), True, 0)
    )
    assert painted.points == len(services.first.dataset)
    assert services.painter.ready == 1, "the points of that scene were there already"


def test_grades_are_in_order_on_every_sessions_map(services: Services) -> None:
    frame = pd.DataFrame({"a": np.arange(60.0), "b": np.arange(60) % 5.0, "grade": np.arange(60) % 7 + 3})
    graded = from_table("wine", frame, ("a", "b"), label="grade", ordered=True)
    model = models.create("vae", shape=graded.shape, width=0.25)
    scene = services.lay_out(graded, model, encode(model, graded), "identity", None)
    assert services.colouring(scene, "label").ordered
    assert services.colouring(scene, "nearest_label").ordered
    assert not services.colouring(scene, "split").ordered
    assert not services.colouring(scene, "b").ordered
