"""A film read back: as many frames as there should be, of the size that was asked for, each of its epoch."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

import models
from explorer.core import projections
from explorer.core.datasets import load_dataset
from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.latent.cloud import encode
from explorer.core.rendering.colouring import colouring
from explorer.core.rendering.film import Film
from explorer.core.rendering.film_writer import write
from explorer.core.rendering.painter import Style
from explorer.core.scene.evolution import Evolution
from explorer.core.scene.scene import lay_out
from explorer.core.scene.viewport import Viewport


@pytest.fixture(scope="module")
def film() -> Film:
    """Iris under four models, in small and fast."""
    dataset = load_dataset("iris")
    model = models.create("vae", shape=dataset.shape, width=0.25)
    evolution = Evolution()
    for epoch in range(4):
        model.draw_weights(epoch)
        codes = encode(model.eval(), dataset).mean
        evolution = evolution.added(epoch, projections.create("identity").fit(codes), codes)
    scene = lay_out(dataset, model, encode(model, dataset), "identity")
    style = Style(colouring(scene, "label"))
    return Film(evolution, scene, style, "iris · a run", width=240, height=201, fps=10, speed=2.5)


def test_the_frames_pass_every_epoch_and_the_last_one_stays(film: Film) -> None:
    assert film.moments == (*np.linspace(0, 3, 13).tolist(), *[3.0] * 10)
    frames = list(film.frames())
    assert len(frames) == 23
    assert {frame.shape for frame in frames} == {(202, 240, 3)}
    assert not np.array_equal(frames[0], frames[4])
    assert np.array_equal(frames[12], frames[-1])


def test_a_part_of_the_plane_stays_in_view(film: Film) -> None:
    kept = replace(film, view=Viewport(-40.0, 40.0, -40.0, 40.0, 300, 300))
    frame = next(kept.frames())
    assert not np.array_equal(frame, next(film.frames()))
    # From so far away the cloud is a dot in the middle, and the prior a small circle.
    rim = np.concatenate([frame[40:160, :100], frame[40:160, 140:]], axis=1)
    assert (rim == 255).all()


def test_names_and_the_prior_are_drawn_in(film: Film) -> None:
    plain, named = (
        next(replace(film, style=replace(film.style, named=which)).frames()) for which in (False, True)
    )
    assert not np.array_equal(plain, named)
    assert (plain == 0x80).any()  # the red of the prior's line


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_gif_is_read_back(film: Film, tmp_path: Path, theme: str) -> None:
    film = replace(film, style=replace(film.style, theme=theme))
    shares: list[float] = []
    write(film, tmp_path / "film.gif", progress=shares.append)
    frames = imageio.imread(tmp_path / "film.gif", index=None)
    assert frames.shape == (13, 202, 240, 3)  # the one that stays is one, and stays longer
    painted = list(film.frames())
    for read, drawn in zip(frames, painted[:13], strict=True):
        assert np.abs(read.astype(int) - drawn).mean() < 3
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["film.gif"]
    assert (frames[0].mean() > 128) == (theme == "light")


def test_a_video_is_read_back(film: Film, tmp_path: Path) -> None:
    write(film, tmp_path / "film.mp4")
    # By the program itself: imageio's reader leaves its pipes open.
    command = [get_ffmpeg_exe(), "-i", tmp_path / "film.mp4", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    read = np.frombuffer(done.stdout, np.uint8).reshape(-1, 202, 240, 3)
    assert len(read) == 23
    about = done.stderr.decode()
    assert "Video: h264" in about
    assert "yuv420p" in about
    assert "10 fps" in about
    assert np.abs(read[0].astype(int) - next(iter(film.frames()))).mean() < 8


def test_what_is_hidden_is_not_in_the_legend(film: Film) -> None:
    without = replace(film, style=replace(film.style, hidden=frozenset({0})))
    legend = [next(iter(one.frames()))[-16:] for one in (film, without)]
    assert not np.array_equal(*legend)
    numbers = replace(film, style=replace(film.style, colouring=colouring(film.scene, "sepal length (cm)")))
    assert next(iter(numbers.frames())).shape == (202, 240, 3)


def test_a_film_that_is_given_up_leaves_nothing(film: Film, tmp_path: Path) -> None:
    asked = iter([False] * 15 + [True])
    with pytest.raises(Cancelled, match="given up"):
        write(film, tmp_path / "film.gif", stop=lambda: next(asked))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"width": 20}, "width of 20"),
        ({"fps": 0}, "frame rate of 0"),
        ({"speed": 0}, "0 epochs per second"),
        ({"speed": 0.005}, "more than 3,000"),
        ({"evolution": Evolution()}, "train it for more"),
    ],
)
def test_what_cannot_be_filmed_is_said(film: Film, change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ExplorerError, match=sentence):
        replace(film, **change)


def test_an_unknown_ending_is_refused(film: Film, tmp_path: Path) -> None:
    with pytest.raises(ExplorerError, match=r"film\.webm.*\.gif or \.mp4"):
        write(film, tmp_path / "film.webm")


def test_a_gif_that_memory_would_not_hold_is_refused(film: Film, tmp_path: Path) -> None:
    large = replace(film, width=2_000, height=2_000, speed=0.2)
    with pytest.raises(ExplorerError, match="takes too much memory"):
        write(large, tmp_path / "film.gif")
    assert not list(tmp_path.iterdir())
