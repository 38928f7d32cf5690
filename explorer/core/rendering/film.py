"""The evolution of a run as a film: the map of each moment, with title, epoch and legend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from explorer.core.errors import Cancelled, ExplorerError
from explorer.core.progress import Progress, Stop, never, silent
from explorer.core.projections.turnable.orientation import Orientation
from explorer.core.rendering import palette
from explorer.core.rendering.painter import MapImage, MapRequest, Painter, Style
from explorer.core.scene.evolution import Evolution, Moment
from explorer.core.scene.scene import Scene
from explorer.core.scene.viewport import Viewport

SIDES = (160, 2_160)  # pixels, of a frame
RATES = (1, 60)  # frames per second
MOST_FRAMES = 3_000
_HELD = 1.0  # seconds that the last epoch stays


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """The settings of a film.

    Attributes
    ----------
    scene, style
        The newest epoch as on the map, and the style of its points; the theme is the style's.
    title
        Of the data set and of the run.
    width, height
        Of a frame, in pixels; made even, as a video requires.
    fps
        Frames per second.
    speed
        Epochs per second.
    view
        The part of the plane that stays in view; None is that of all epochs.
    """

    evolution: Evolution
    scene: Scene
    style: Style
    title: str
    width: int = 720
    height: int = 640
    fps: int = 20
    speed: float | int = 4
    aligned: bool = True
    orientation: Orientation | None = None
    view: Viewport | None = None

    def __post_init__(self) -> None:
        epochs = self.evolution.epochs
        if len(epochs) < 2:
            raise ExplorerError("a run of one epoch is no film; train it for more.")
        check(self.width, self.height, self.fps, self.speed, epochs[-1] - epochs[0])

    @property
    def moments(self) -> tuple[float, ...]:
        """The moment of each frame, in epochs; at the end the last one stays a second."""
        first, last = self.evolution.epochs[0], self.evolution.epochs[-1]
        steps = max(1, round((last - first) * self.fps / self.speed))
        way = [first + (last - first) * step / steps for step in range(steps + 1)]
        return (*way, *[float(last)] * round(_HELD * self.fps))

    def frames(
        self, stop: Stop = never, progress: Progress = silent
    ) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Paint one after the other.

        Raises
        ------
        Cancelled
            When `stop` turned true, which is asked before each frame.
        """
        canvas = Canvas(self)
        moments = self.moments
        painted: tuple[float, np.ndarray] | None = None
        for number, at in enumerate(moments, start=1):
            if stop():
                raise Cancelled(f"the film was given up after {number - 1} of {len(moments)} frames.")
            if painted is None or painted[0] != at:
                painted = at, canvas.frame(at)
            yield painted[1]
            progress(number / len(moments))


def check(width: int, height: int, fps: int, speed: float | int, epochs: int) -> None:
    """Raise an `ExplorerError` for settings that no film can have, before any work is done.

    Parameters
    ----------
    epochs
        From the first to the last.
    """
    for name, value, (low, high) in (
        ("width", width, SIDES),
        ("height", height, SIDES),
        ("frame rate", fps, RATES),
    ):
        if not low <= value <= high:
            raise ExplorerError(f"a film cannot have a {name} of {value}; give {low} to {high}.")
    if not 0 < speed <= fps:
        raise ExplorerError(
            f"{speed:g} epochs per second cannot be shown in {fps} frames; give more than 0, and at most one "
            "epoch a frame."
        )
    frames = round(epochs * fps / speed) + fps
    if frames > MOST_FRAMES:
        raise ExplorerError(
            f"the film would have {frames:,} frames, more than {MOST_FRAMES:,}; give a higher speed or fewer "
            "frames per second."
        )


class Canvas:
    """The parts that stay the same through a film, onto which each map is drawn."""

    def __init__(self, film: Film) -> None:
        self._film = film
        self._painter = Painter()
        self._width, self._height = (side + side % 2 for side in (film.width, film.height))
        self._theme = film.style.theme
        self._font = _font(max(11, self._height // 40))
        self._small = _font(max(10, self._height // 48))
        self._line = round(1.6 * self._font.size)
        rows = _rows(_entries(film), self._small, self._width - 16)
        self._legend = rows
        self._top, self._bottom = self._line + 4, len(rows) * round(1.5 * self._small.size) + 8
        self._viewport = self._looked_at()

    def frame(self, at: float) -> UInt8[np.ndarray, "height width 3"]:
        """Draw the map of a moment with its title, its epoch and the legend."""
        film, ground = self._film, palette.BACKGROUND[self._theme]
        moment = Moment(film.evolution, at, film.evolution.epochs[-1], film.aligned)
        request = MapRequest(film.scene, film.style, self._viewport, True, 0, film.orientation, moment=moment)
        image, pixels = self._painter.draw(request)
        picture = Image.new("RGB", (self._width, self._height), ground)
        draw = ImageDraw.Draw(picture)
        for line in (*image.net, *image.prior):
            draw.line(self._pixels_of(line), fill="#808890")
        drawn = Image.fromarray(pixels)
        picture.paste(drawn, (0, self._top), drawn)
        self._draw_names(draw, image)
        text, last = palette.INK[self._theme], film.evolution.epochs[-1]
        epoch = f"epoch {round(at)} of {last}"
        room = self._width - 24 - draw.textlength(epoch, font=self._font)
        draw.text((8, self._line / 2), _fitting(film.title, self._font, room), text, self._font, "lm")
        draw.text((self._width - 8, self._line / 2), epoch, text, self._font, "rm")
        self._draw_legend(draw)
        frame: np.ndarray = np.asarray(picture)
        return frame

    def _looked_at(self) -> Viewport:
        film = self._film
        height = self._height - self._top - self._bottom
        if height < 60:
            raise ExplorerError(
                f"a legend of {len(_entries(film))} classes leaves no room for the map; choose a larger size."
            )
        if film.view is not None:
            (x0, x1), (y0, y1) = film.view.x_range, film.view.y_range
            return Viewport.around(np.array([[x0, y0], [x1, y1]]), self._width, height, margin=0)
        home = film.evolution.home(film.evolution.epochs[-1], film.aligned, film.scene.model)
        return Viewport.around(film.scene.home if home is None else home, self._width, height)

    def _pixels_of(self, line: np.ndarray) -> list[tuple[float, float]]:
        view = self._viewport
        across, up = view.pixel
        return [((x - view.x0) / across, self._top + (view.y1 - y) / up) for x, y in line]

    def _draw_names(self, draw: ImageDraw.ImageDraw, image: MapImage) -> None:
        ink, edge = palette.INK[self._theme], palette.BACKGROUND[self._theme]
        for x, y, name in image.names:
            [(across, down)] = self._pixels_of(np.array([[x, y]]))
            draw.text((across, down), name, ink, self._font, "mm", stroke_width=2, stroke_fill=edge)

    def _draw_legend(self, draw: ImageDraw.ImageDraw) -> None:
        step, size = round(1.5 * self._small.size), round(0.7 * self._small.size)
        y = self._height - self._bottom + 4 + step / 2
        for row in self._legend:
            x = 8.0
            for name, colour in row:
                if colour:
                    draw.ellipse((x, y - size / 2, x + size, y + size / 2), fill=colour)
                    x += size + 5
                draw.text((x, y), name, palette.INK[self._theme], self._small, "lm")
                x += draw.textlength(name, font=self._small) + 14
            y += step


Entry = tuple[str, str]  # a name and its colour


def _entries(film: Film) -> list[Entry]:
    """Return the visible classes with their colours, or the ends of the scale of numbers."""
    colouring, theme = film.style.colouring, film.style.theme
    title: list[Entry] = [(f"{colouring.title}:", "")] if colouring.title else []
    if colouring.values is not None:
        finite = colouring.values[np.isfinite(colouring.values)]
        low, high = np.percentile(finite, (1, 99)) if len(finite) else (0.0, 1.0)
        ramp = palette.sequential(theme)
        return [
            *title,
            (f"{low:.4g}", ramp[0]),
            (f"{(low + high) / 2:.4g}", ramp[128]),
            (f"{high:.4g}", ramp[-1]),
        ]
    colours = palette.of_classes(max(1, len(colouring.classes)), theme, ordered=colouring.ordered)
    pairs = list(zip(colouring.classes, colours, strict=False))
    return [*title, *(pair for index, pair in enumerate(pairs) if index not in film.style.hidden)]


def _rows(entries: Sequence[Entry], font: ImageFont.FreeTypeFont, width: float | int) -> list[list[Entry]]:
    rows: list[list[Entry]] = [[]]
    used = 0.0
    for name, colour in entries:
        name = _fitting(name, font, width / 2)
        takes = font.getlength(name) + 14 + (0.7 * font.size + 5 if colour else 0)
        if used + takes > width and rows[-1]:
            rows.append([])
            used = 0.0
        rows[-1].append((name, colour))
        used += takes
    return rows if rows[0] else []


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: float | int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return text + "…"


@lru_cache(8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    found = ImageFont.load_default(size)
    assert isinstance(found, ImageFont.FreeTypeFont)
    return found
