"""`train` and `runs` as they are typed: the same runs as everywhere else, and one sentence for bad input."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import imageio.v3 as imageio
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import explorer
import models
from explorer import __main__ as command
from explorer.core.datasets.lasting import lasting
from explorer.core.errors import StoreError
from explorer.core.latent.cloud import weights_token
from explorer.runtime.run import Job
from explorer.runtime.store.writer import Recording

PATIENCE = 120.0
QUICK = ("--dataset", "iris", "--model", "ae", "--epochs", "3", "--batch-size", "40", "--seed", "2")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def typed(*arguments: object) -> Result:
    result = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(
        command.app, [str(a) for a in arguments]
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def done(*arguments: object) -> str:
    result = typed(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    result = typed(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith(".\n")
    return result.stderr


def test_a_training_is_kept_and_listed() -> None:
    out = done("train", *QUICK, "--name", "first light")
    run = re.match(r"run (\w+), 'first light'\n", out)[1]
    assert "Done. loss " in out
    assert "held out" in out
    table = explorer.runs.table()
    assert list(table.index) == [run]
    row = table.loc[run]
    assert (row["name"], row["state"], row["epoch"], row["epochs"]) == ("first light", "done", 3, 3)
    assert (row["dataset"], row["model"], row["latent"], row["trained_on"]) == ("iris", "ae", 2, 120)
    assert isinstance(row["created"], pd.Timestamp)
    kept = explorer.runs.open("first light")
    assert row["held_out_loss"] == kept.steps().loc[3, "held_out_loss"]
    iris = explorer.load_dataset("iris")
    model = models.create("ae", shape=iris.shape, seed=2)
    list(models.fit(model, iris.train, epochs=3, batch_size=40, seed=2))
    assert weights_token(kept.model()) == weights_token(model)
    listed = done("runs").splitlines()
    assert len(listed) == 2
    assert listed[1].split()[:5] == [run, "first", "light", "done", "3"]


def test_what_was_left_is_resumed_from_python_and_from_the_terminal() -> None:
    done("train", *QUICK, "--name", "whole")
    for name in ("by hand", "by command"):
        run = explorer.runs.resume(_begun(name))
        while not next(run).epoch_done:
            pass
        run.close()
    assert [step.epoch for step in explorer.runs.resume("by hand") if step.epoch_done] == [2, 3]
    assert "Done." in done("train", "--resume", "by command")
    weights = {weights_token(explorer.runs.open(name).model()) for name in ("whole", "by hand", "by command")}
    assert len(weights) == 1
    assert "nothing left to train; give more --epochs" in done("train", "--resume", "whole")
    done("train", "--resume", "whole", "--epochs", 5)
    assert explorer.runs.table("whole")["epoch"].tolist() == [5]


def _begun(name: str) -> str:
    """A run that was begun and has no epoch yet."""
    from explorer.runtime.run import Job
    from explorer.runtime.store.writer import Recording

    iris = explorer.load_dataset("iris")
    model = models.create("ae", shape=iris.shape, seed=2)
    job = Job(model, iris, epochs=3, batch_size=40, seed=2, name=name, source="iris")
    recording = Recording.begin(explorer.runs.store(), job, "cpu")
    recording.close()
    return recording.run


def test_ctrl_c_stops_after_the_batch_and_says_how_to_go_on(home: Path) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "explorer",
            "train",
            "--dataset",
            "digits",
            "--epochs",
            "1000000",  # none but Ctrl+C ends it
            "--name",
            "long",
        ],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONWARNINGS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        run = process.stdout.readline().split()[1].rstrip(",")
        while explorer.runs.open(run).record.epoch < 1:
            assert process.poll() is None, process.stderr.read()
        with pytest.raises(StoreError, match="is being trained by another process"):
            explorer.runs.resume(run)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (130, "")
        assert out == f"Stopped; go on with: latent-explorer train --resume {run}\n"
        record = explorer.runs.open(run).record
        assert record.state.value == "stopped"
        assert record.epoch >= 1
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_progress_is_told_where_no_terminal_is() -> None:
    result = typed("train", "--dataset", "iris", "--epochs", 20, "--model", "ae")
    told = re.findall(
        r"^Epoch (\d+)/20, loss [\d.]+ \(held out [\d.]+\) nats per sample$", result.stderr, re.M
    )
    assert [int(epoch) for epoch in told] == list(range(2, 21, 2))


def test_runs_are_looked_after(tmp_path: Path) -> None:
    assert done("runs") == "No run is kept yet; `latent-explorer train` makes one.\n"
    run = done("train", *QUICK).split()[1].rstrip(",")
    assert explorer.runs.open(run).record.name == "iris, ae"
    done("runs", "rename", run, "another name")
    done("runs", "note", "another name", "for the paper")
    shown = done("runs", "show", run[:5])
    for part in (
        run,
        "another name",
        "for the paper",
        "done",
        "from scratch, on all 120 samples",
        "epochs 3",
    ):
        assert part in shown
    assert "held_out_loss" in shown
    assert run in done("runs", "--search", "PAPER iris")
    assert done("runs", "--search", "nothing") == "No run matches.\n"
    assert f"runs restore {run}" in done("runs", "delete", run)
    assert "No run is kept" in done("runs")
    assert run in done("runs", "--deleted")
    done("runs", "restore", run)
    done("runs", "export", run, tmp_path / "run.zip")
    assert "cannot be used (No such file" in refused("runs", "export", run, tmp_path / "nowhere" / "run.zip")
    done("runs", "delete", run)
    assert done("runs", "sweep") == "1 run removed for good.\n"
    assert done("runs", "import", tmp_path / "run.zip") == f"run {run}, 'another name'\n"
    assert explorer.runs.table()["note"].tolist() == ["for the paper"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("train", "--dataset", "nope"), "choose from digits, iris"),
        (("train", "--dataset", "iris", "--model", "gan"), "ae, vae"),
        (("train", "--dataset", "iris", "--latent", "0"), "latent"),
        (("train", "--dataset", "iris", "--epochs", "0"), "epochs cannot be 0"),
        (("train", "--dataset", "iris", "--batch-size", "-1"), "batch_size"),
        (("train", "--dataset", "iris", "--learning-rate", "0"), "learning_rate"),
        (("train", "--resume", "nothing"), "there is no run 'nothing'"),
        (("train", "--resume", "x", "--latent", "3", "--name", "y"), "leave --latent, --name away"),
        (("runs", "show", "nothing"), "there is no run 'nothing'"),
        (("runs", "delete", "nothing"), "there is no run 'nothing'"),
        (("runs", "restore", "nothing"), "there is no run 'nothing'"),
        (("runs", "export", "nothing", "x.zip"), "there is no run 'nothing'"),
        (("runs", "import", "nothing.zip"), "nothing.zip cannot be used (No such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_ends_with_one_sentence(arguments: tuple[str, ...], part: str) -> None:
    assert part in refused(*arguments)
    assert explorer.runs.table().empty


def test_every_option_and_command_is_described() -> None:
    text = done("train", "--help")
    described = dict(re.findall(r"^\W*(--[\w-]+)\s+(.*\w.*?)\W*$", text, re.MULTILINE))
    wanted = {"dataset", "model", "latent", "epochs", "batch-size", "learning-rate", "seed", "name", "resume"}
    wanted |= {"tensorboard"}
    assert {f"--{name}" for name in wanted} <= described.keys()
    assert all(len(line.split()) >= 4 for line in described.values()), described
    text = done("runs", "--help")
    for name in ("show", "rename", "note", "delete", "restore", "sweep", "export", "import", "tensorboard"):
        assert re.search(rf"^\W*{name}\s+\w+.*\.", text, re.MULTILINE), name


def test_tensorboard_files_are_written_while_training_and_afterwards(tmp_path: Path) -> None:
    done("train", *QUICK, "--name", "first light", "--tensorboard", "board")
    run = explorer.runs.table().index[0]
    [written] = (tmp_path / "board").iterdir()
    assert written.name == f"first-light {run}"
    assert "Written to" in done("runs", "tensorboard", "first light", tmp_path / "later")
    [later] = (tmp_path / "later" / written.name).iterdir()
    assert later.stat().st_size > 500
    done("train", "--resume", "first light", "--epochs", 4, "--tensorboard", "board")
    assert len(list(written.iterdir())) == 2
    (tmp_path / "file").touch()
    assert "choose another folder" in refused("train", *QUICK, "--tensorboard", "file")
    assert "choose another folder" in refused("runs", "tensorboard", "first light", "file")
    assert len(explorer.runs.table()) == 1


def test_a_run_is_fine_tuned_from_python_with_its_optimizers_state(home: Path) -> None:
    iris = explorer.load_dataset("iris")
    model = models.create("ae", shape=iris.shape, seed=2)
    list(explorer.runs.begin(model, iris, epochs=3, seed=2, name="whole"))
    rows = range(0, 120, 4)
    steps = list(explorer.runs.fine_tune("whole", iris, rows=rows, rest=0.2, epochs=2, name="tuned"))
    assert steps[-1].of == 2 * (30 + 18)
    whole, tuned = explorer.runs.open("whole"), explorer.runs.open("tuned")
    record = tuned.record
    assert (record.mode.value, record.parent, record.parent_epoch) == ("fine-tune", whole.record.id, 3)
    expected = whole.model()
    focus = models.Focus(rows, 0.2)
    list(models.fit(expected, iris.train, focus=focus, epochs=2, start=whole.state().anew()))
    assert weights_token(tuned.model()) == weights_token(expected)
    shown = done("runs", "show", "tuned")
    assert "fine-tune, on 30 selected samples, the rest counting 0.2" in shown
    assert f"{whole.record.id}, epoch 3" in shown
    row = explorer.runs.table("tuned").iloc[0]
    assert (row["way"], row["trained_on"], row["rest"]) == ("fine-tune", 30, 0.2)
    early = explorer.runs.fine_tune("whole", iris, epoch=1, epochs=1, name="early")
    assert early.job.start is None, "of earlier epochs the optimizer's state is not kept"
    early.close()
    assert explorer.runs.open("early").record.parent_epoch == 1


def test_a_source_holds_in_another_folder_too(tmp_path: Path) -> None:
    (tmp_path / "a table.csv").write_text("a,b\n1,2\n")
    (tmp_path / "iris").mkdir()
    here = tmp_path.resolve()
    assert lasting("a table.csv") == str(here / "a table.csv")
    assert lasting("./a table.csv#b") == f"{here / 'a table.csv'}#b"
    for source in ("iris", "air-quality:hour", "mydata:load", "gone.csv"):
        assert lasting(source) == source


def test_a_run_of_files_is_resumed_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{i % 7 + 0.5},{i % 5},{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "mine.csv").write_text("height,width,kind\n" + rows)
    done("train", "--dataset", "mine.csv#kind", "--epochs", 2, "--name", "mine")
    monkeypatch.chdir("/")
    done("train", "--resume", "mine", "--epochs", 3)
    (tmp_path / "mine.csv").write_text("height,width,kind\n" + rows[10:])
    assert "was trained on other data" in refused("train", "--resume", "mine", "--epochs", 4)


def test_a_run_is_filmed_as_it_is_kept(tmp_path: Path) -> None:
    done("train", *QUICK, "--name", "filmed")
    out = done("runs", "film", "filmed", "film.gif", "--size", "240x200", "--fps", "4", "--speed", "2")
    assert "film.gif: " in out
    frames = imageio.imread(tmp_path / "film.gif", index=None)
    assert frames.shape == (7, 200, 240, 3)  # three epochs, two frames each, and where it started
    path = explorer.runs.film("filmed", "dark.gif", width=240, height=200, fps=4, speed=4, theme="dark")
    assert imageio.imread(path, index=0).mean() < 100


def test_what_cannot_be_filmed_is_said_in_a_sentence(tmp_path: Path) -> None:
    done("train", *QUICK, "--name", "filmed")
    assert "end its name in .gif or .mp4" in refused("runs", "film", "filmed", "film.webm")
    assert "no size" in refused("runs", "film", "filmed", "film.gif", "--size", "large")
    assert "width of 10" in refused("runs", "film", "filmed", "film.gif", "--size", "10x10")
    assert "choose from identity" in refused("runs", "film", "filmed", "film.gif", "--projection", "tsne")
    assert "there is no run" in refused("runs", "film", "another", "film.gif")
    store = explorer.runs.store()
    iris = explorer.load_dataset("iris")
    begun = Recording.begin(store, Job(models.create("ae", shape=iris.shape), iris, name="begun"), "cpu")
    begun.close()
    assert "one epoch" in refused("runs", "film", "begun", "film.gif")
    assert not list(tmp_path.glob("*film*"))
