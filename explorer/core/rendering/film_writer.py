"""A film as a file: a GIF with one palette, or an MP4."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.progress import Progress, Stop, never, silent
from explorer.core.rendering import palette
from explorer.core.rendering.film import Canvas, Film

KINDS = (".gif", ".mp4")
MOST_PIXELS = 400_000_000  # of all frames of a GIF, which is put together in memory
_SAMPLED = 12  # frames that the palette of a GIF is found from


def write(film: Film, path: Path, stop: Stop = never, progress: Progress = silent) -> None:
    """Write a film as a GIF or an MP4 (H.264), by the ending of the file's name; all of it or nothing.

    Raises
    ------
    ExplorerError
        For another ending.
    Cancelled
        When `stop` turned true.
    OSError
        Where it cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ExplorerError(
            f"a film cannot be written as {path.name!r}; end its name in {' or '.join(KINDS)}."
        )
    part = path.with_name(f".{path.stem}.part{kind}")
    try:
        (_write_gif if kind == ".gif" else _write_mp4)(film, part, stop, progress)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_mp4(film: Film, path: Path, stop: Stop, progress: Progress) -> None:
    import imageio.v2 as imageio  # half a second, and only a film needs it

    writer = imageio.get_writer(
        path, format="FFMPEG", mode="I", fps=film.fps, codec="libx264", pixelformat="yuv420p",
        macro_block_size=2, quality=None, output_params=["-crf", "20", "-movflags", "+faststart"],
        ffmpeg_log_level="error",
    )  # fmt: skip
    with writer:
        for frame in film.frames(stop, progress):
            writer.append_data(frame)


def _write_gif(film: Film, path: Path, stop: Stop, progress: Progress) -> None:
    """Write a GIF with one palette for all frames, no dithering and no frame twice: it stays small."""
    frames = len(set(film.moments))
    if frames * film.width * film.height > MOST_PIXELS:
        raise ExplorerError(
            f"a GIF of {frames:,} frames of {film.width} x {film.height} takes too much memory; make an "
            ".mp4, or a smaller or shorter one."
        )
    colours = _palette_of(film, stop)
    shown: list[Image.Image] = []
    durations: list[int] = []
    before: np.ndarray | None = None
    for frame in film.frames(stop, progress):
        if before is not None and np.array_equal(frame, before):
            durations[-1] += round(1000 / film.fps)
            continue
        before = frame
        shown.append(Image.fromarray(frame).quantize(palette=colours, dither=Image.Dither.NONE))
        durations.append(round(1000 / film.fps))
    out = io.BytesIO()
    shown[0].save(
        out, "GIF", save_all=True, append_images=shown[1:], duration=durations, loop=0, disposal=1,
        optimize=False,
    )  # fmt: skip
    path.write_bytes(out.getvalue())


def _palette_of(film: Film, stop: Stop) -> Image.Image:
    moments = film.moments
    canvas = Canvas(film)
    strips = []
    for index in np.linspace(0, len(moments) - 1, _SAMPLED):
        if stop():
            raise Cancelled("the film was given up before its first frame.")
        strips.append(canvas.frame(moments[round(index)]))
    found = Image.fromarray(np.concatenate(strips)).quantize(254, method=Image.Quantize.MEDIANCUT)
    # Background and text exactly: they are most of a frame, and must not flicker.
    own = palette.srgb([palette.BACKGROUND[film.style.theme], palette.INK[film.style.theme]]) * 255
    found.putpalette([*(found.getpalette() or [])[: 3 * 254], *np.rint(own).astype(int).ravel().tolist()])
    return found
