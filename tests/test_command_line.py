"""The command as it is typed: it serves, or it ends with one sentence and exit code 2."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import models
from explorer import __main__ as command
from explorer.cli import serve
from explorer.core.datasets import load_dataset
from explorer.runtime import runs
from explorer.runtime.base import Base
from explorer.runtime.base_models import Bases
from explorer.services import Services

PATIENCE = 120.0  # seconds until a test that hangs fails; no test waits this long when it passes
TABLE = "height,width,kind\n" + "".join(f"{i % 7 + 0.5},{i % 5},{'ab'[i % 2]}\n" for i in range(40))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the command is typed: a folder with some files, good and bad."""
    rng = np.random.default_rng(0)
    (tmp_path / "good.csv").write_text(TABLE)
    (tmp_path / "text.csv").write_text(TABLE.replace("\n3.5,", "\nmuch,", 1))
    np.savez(tmp_path / "good.npz", x=rng.random((30, 1, 8, 8), dtype=np.float32), y=np.arange(30) % 3)
    np.savez(tmp_path / "objects.npz", x=np.array([{"a": 1}, None], dtype=object))
    (tmp_path / "truncated.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:900])
    models.save(models.create("vae", shape=(4,), width=0.25), tmp_path / "iris.safetensors")
    whole = (tmp_path / "iris.safetensors").read_bytes()
    (tmp_path / "corrupt.safetensors").write_bytes(whole[:-50])
    (tmp_path / "mydata.py").write_text(
        "import explorer\nnothing = 3\n\ndef load():\n    return explorer.load_dataset('iris')\n"
    )
    return tmp_path


@pytest.fixture
def kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a run on iris that is in the store of this folder's home."""
    monkeypatch.setenv("EXPLORER_HOME", str(folder / "home"))
    model = models.create("vae", shape=(4,), width=0.25)
    training = runs.begin(model, load_dataset("iris"), epochs=1, name="mine", source="iris")
    assert [step.epoch for step in training if step.epoch_done] == [1]
    return training.run


@contextlib.contextmanager
def listening() -> Iterator[int]:
    """A port of the loopback where somebody else listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "EXPLORER_HOME": str(folder / "home"), "PYTHONWARNINGS": ""}


def ended(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "explorer", *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def one_sentence(text: str) -> bool:
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].endswith(".") and "Traceback" not in text


# -- what it serves --------------------------------------------------------------------------------------


def page(port: int, alive: Callable[[], bool]) -> tuple[int, str]:
    """Status and text of the page, as soon as somebody answers."""
    refused = None
    while alive():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.URLError as error:
            # Between its sentence and the first connection the server is still starting.
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            refused = error
    raise AssertionError("it ended before it answered") from refused


def test_it_answers_with_the_page_and_ends_quietly(folder: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "explorer", "serve", "--port", str(port)],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        # Said once all that was given is known to be good.
        assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
        status, text = page(port, lambda: process.poll() is None)
        assert status == 200
        assert "<title>Latent Explorer</title>" in text
        process.send_signal(signal.SIGINT)  # as Ctrl+C does, in the middle of the first training
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (0, "")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--dataset", "good.csv"),
        ("--dataset", "good.npz"),
        ("--dataset", "mydata:load"),
        ("--dataset", "iris", "--checkpoint", "iris.safetensors"),
        ("--dataset", "iris", "--latent", "3", "--model", "ae", "--no-open"),
    ],
    ids=["csv", "npz", "import string", "checkpoint", "model"],
)
def test_what_is_asked_for_is_served(folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple) -> None:
    """In this process, where what takes seconds to import is there already."""
    import panel

    really_serve, answers = panel.serve, []

    def serve_one_page(pages: dict, *, port: int, **options: object) -> None:
        server = really_serve(pages, port=port, threaded=True, **options)
        try:
            answers.append(page(port, server.is_alive))
        finally:
            server.stop()
            server.join(PATIENCE)

    monkeypatch.setattr(panel, "serve", serve_one_page)
    monkeypatch.setattr(Services, "warm_up", lambda *_: None)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setenv("EXPLORER_HOME", str(folder / "home"))
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(command.app, ["serve", "--port", str(free_port()), *arguments])
    sys.modules.pop("mydata", None)
    for thread in threading.enumerate():
        if thread.name.startswith("preparing"):
            thread.join(PATIENCE)
    assert result.exit_code == 0, (result.stderr, result.exception)
    [(status, text)] = answers
    assert status == 200
    assert "<title>Latent Explorer</title>" in text


def test_a_run_is_served_with_its_own_data_and_model(
    folder: Path, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import panel

    opened = []
    really_open = Bases.opened

    def open_run(bases: Bases, *rest: object) -> Base:
        opened.append(really_open(bases, *rest))
        return opened[-1]

    monkeypatch.setattr(Bases, "opened", open_run)
    monkeypatch.setattr(panel, "serve", lambda *_, **__: until_ready(opened[-1]))
    monkeypatch.setattr(Services, "warm_up", lambda *_: None)
    monkeypatch.setattr(sys, "path", sys.path[:])
    for named in ("mine", kept, kept[:6]):
        result = CliRunner().invoke(command.app, ["serve", "--port", str(free_port()), "--run", named])
        assert result.exit_code == 0, (result.stderr, result.exception)
        assert opened[-1].kept == (kept, 1)
        assert opened[-1].dataset.name == "iris"


def until_ready(base: Base) -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("preparing"):
            thread.join(PATIENCE)
    assert base.error is None


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--run", "nobody's"), 'there is no run "nobody\'s"'),
        (("--run", "mine", "--model", "ae"), "give --run without --model"),
        (("--run", "mine", "--latent", "3", "--checkpoint", "x.safetensors"), "--checkpoint, --latent"),
        (("--run", "mine", "--dataset", "good.csv"), "trained on other data"),
    ],
)
def test_a_run_that_cannot_be_served_is_said_in_one_sentence(
    folder: Path, kept: str, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], part: str
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", sys.path[:])
    result = CliRunner().invoke(command.app, ["serve", "--port", str(free_port()), *arguments])
    assert result.exit_code == 2, result.exception
    assert one_sentence(result.stderr), result.stderr
    assert part in result.stderr


# -- what it refuses -------------------------------------------------------------------------------------

REFUSED = {
    "unknown data set": (("--dataset", "nope"), "choose from digits, iris"),
    "unknown model": (("--model", "gan"), "ae, vae"),
    "no latent dimension": (("--dataset", "iris", "--latent", "0"), "latent"),
    "missing file": (("--dataset", "missing.csv"), "no file or folder 'missing.csv'"),
    "text among numbers": (("--dataset", "text.csv"), "height"),
    "objects": (("--dataset", "objects.npz"), "objects.npz"),
    "truncated archive": (("--dataset", "truncated.npz"), "truncated.npz"),
    "corrupt checkpoint": (
        ("--dataset", "iris", "--checkpoint", "corrupt.safetensors"),
        "corrupt.safetensors",
    ),
    "missing checkpoint": (("--dataset", "iris", "--checkpoint", "gone.safetensors"), "gone.safetensors"),
    "checkpoint of other data": (("--dataset", "good.npz", "--checkpoint", "iris.safetensors"), "(4,)"),
    "module that is not there": (("--dataset", "nowhere_at_all:load"), "nowhere_at_all"),
    "attribute that is not there": (("--dataset", "mydata:lost"), "lost"),
    "no data set": (("--dataset", "mydata:nothing"), "type int"),
    "address that is not there": (("--dataset", "iris", "--address", "256.1.1.1"), "--address"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_ends_with_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    arguments, part = REFUSED[case]
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", sys.path[:])
    result = CliRunner().invoke(command.app, ["serve", "--port", str(free_port()), *arguments])
    sys.modules.pop("mydata", None)
    assert result.exit_code == 2, result.exception
    assert result.stdout == ""
    assert one_sentence(result.stderr), result.stderr
    assert part in result.stderr


def test_in_a_process_of_its_own_nothing_else_is_said(folder: Path) -> None:
    done = ended("serve", "--dataset", "objects.npz", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_sentence(done.stderr), done.stderr


def test_a_port_in_use_is_said_before_anything_is_loaded(folder: Path) -> None:
    with listening() as port:
        done = ended("serve", "--port", port, "--dataset", "nope", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_sentence(done.stderr), done.stderr
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr


def test_debug_shows_where_it_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", sys.path[:])
    arguments = ["serve", "--port", str(free_port()), "--dataset", "nope", "--debug"]
    result = CliRunner().invoke(command.app, arguments)
    assert result.exit_code == 2
    assert "Traceback (most recent call last)" in result.stderr
    assert "UnknownName: unknown data set 'nope'" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("--port", "0"), ("--port", "70000"), ("--latent", "two"), ("--colour", "red")]
)
def test_what_no_option_takes_is_refused(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(command.app, ["serve", *arguments])
    assert result.exit_code == 2
    assert arguments[0] in result.stderr


def test_a_defect_is_no_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(serve, "_serve", broken)
    monkeypatch.setattr(sys, "path", sys.path[:])
    result = CliRunner().invoke(command.app, ["serve"])
    assert isinstance(result.exception, ZeroDivisionError)


# -- what it says of itself, and when it opens a browser -------------------------------------------------


def test_help_describes_every_option() -> None:
    runner = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"})
    assert "serve" in runner.invoke(command.app, ["--help"]).stdout
    text = runner.invoke(command.app, ["serve", "--help"]).stdout
    described = dict(re.findall(r"^\W*(--[\w-]+)\s+(.*\w.*?)\W*$", text, re.MULTILINE))
    wanted = {
        "dataset",
        "model",
        "latent",
        "checkpoint",
        "port",
        "address",
        "data-dir",
        "open",
        "debug",
        "help",
    }
    assert {f"--{name}" for name in wanted} <= described.keys()
    assert all(len(line.split()) >= 4 for line in described.values()), described


@pytest.mark.parametrize(
    ("platform", "variables", "terminal", "opens"),
    [
        ("linux", {}, True, False),
        ("linux", {"DISPLAY": ":0"}, True, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True, True),
        ("linux", {"DISPLAY": ""}, True, False),
        ("linux", {"DISPLAY": ":0"}, False, False),
        ("darwin", {}, True, True),
        ("win32", {}, True, True),
        ("win32", {}, False, False),
    ],
)
def test_a_browser_opens_where_somebody_sits_at_a_display(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], terminal: bool, opens: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "stdout", type("Terminal", (), {"isatty": lambda self: terminal})())
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert serve._wanted(None) is opens
    assert serve._wanted(True) is True
    assert serve._wanted(False) is False


def test_the_folder_of_the_user_comes_after_what_is_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = sys.path[:]
    monkeypatch.setattr(sys, "path", before[:])
    monkeypatch.setattr(serve, "_serve", lambda *_: None)
    assert CliRunner().invoke(command.app, ["serve"]).exit_code == 0
    assert sys.path == [*before, str(folder)]
