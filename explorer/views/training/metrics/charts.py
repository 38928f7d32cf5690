"""Common parts of the live charts: curves that grow, ranges that do not jump, colours of both themes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import panel as pn
from bokeh.models import ColumnDataSource, ContinuousTicker, Range1d
from bokeh.models.glyph import Glyph
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from explorer.runtime.run import Run
from explorer.session.training.report import RunReport

MOST = 4_000
"""Points of a curve. Of more, about every second one is left out: every part of a long run stays."""

ENOUGH = 40
"""Points of a curve. With more, the few at its beginning may lie above the chart."""

# Okabe and Ito (2008), told apart with any colour vision; and each has a marker and a dash of its own. What
# is around the curves has its colours, its fonts and their sizes from the theme of the page.
COLOURS = {
    "light": {"one": "#0072b2", "other": "#d55e00", "plain": "#333a42", "mark": "#5b3a8c"},
    "dark": {"one": "#56b4e9", "other": "#e69f00", "plain": "#d5dae0", "mark": "#cba6f7"},
}

_AnyGlyph = TypeVar("_AnyGlyph", bound=Glyph)

_SIDE_BY_SIDE = ["@media (max-width: 800px) { :host { flex-direction: column !important; } }"]


class Charts(Protocol):
    """A group of charts that the Train tab offers by its title."""

    title: str

    @property
    def key(self) -> Sequence[tuple[str, str, str, str]]:
        """Of each curve the name, the colour, the marker and the dash."""

    @property
    def panes(self) -> list[pn.pane.Bokeh]:
        """The charts to show, side by side."""

    def make(self) -> None:
        """Make the charts. Once."""

    def dress(self, theme: str) -> None:
        """Take the colours of a theme."""

    def show(self, run: Run, report: RunReport) -> None:
        """Stream what is not on the charts yet."""

    def draws(self, run: Run, report: RunReport) -> bool:
        """Return whether there is anything to draw."""

    def note(self, run: Run, report: RunReport) -> str:
        """Say what is to be seen, or why there is nothing to see."""


class Trace:
    """A curve that grows: new rows are streamed, and while it is short no row is sent twice."""

    def __init__(self, *columns: str) -> None:
        self._columns = columns
        self._rows: list[tuple[Any, ...]] = []
        self.source = ColumnDataSource({column: [] for column in columns})

    def clear(self) -> None:
        """Remove all rows."""
        if self._rows:
            self.put([])

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Append rows, each with a value for every column; the first one grows."""
        if not rows:
            return
        self._rows += rows
        if len(self._rows) > MOST:
            self.put(_thinned(self._rows))
        else:
            self.source.stream(self._as_columns(rows))

    def put(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Replace all rows by these."""
        self._rows = list(rows)
        self.source.data = self._as_columns(rows)

    def values(self, column: str) -> list[Any]:
        """Return the values of one column."""
        at = self._columns.index(column)
        return [row[at] for row in self._rows]

    def _as_columns(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
        return {column: [row[at] for row in rows] for at, column in enumerate(self._columns)}


def _thinned(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return at most half of the rows, evenly along the first column; the first and the last stay."""
    apart = (rows[-1][0] - rows[0][0]) / (MOST // 2 - 2)
    kept = rows[:1]
    for one in rows[1:-1]:
        if one[0] - kept[-1][0] >= apart:
            kept.append(one)
    return [*kept, rows[-1]]


def chart(title: str, x: str, **more: Any) -> figure:
    """Return an empty chart; its title says what to see in it, and the unit of what goes up."""
    made = figure(
        title=title,
        sizing_mode="stretch_both",
        tools="",
        toolbar_location=None,
        min_height=130,
        min_width=150,
        min_border=2,
        x_axis_label=x,
        output_backend="canvas",
        **more,
    )
    for axis, ticks in ((made.yaxis, 4), (made.xaxis, 5)):
        assert isinstance(axis.ticker, ContinuousTicker)
        axis.ticker.desired_num_ticks = ticks
    return made


def tagged(renderer: GlyphRenderer[_AnyGlyph], colour: str) -> GlyphRenderer[_AnyGlyph]:
    """Give a glyph the name of the colour that `dress` gives it in each theme."""
    renderer.glyph.tags = [colour]
    return renderer


def dress(made: figure, theme: str) -> None:
    """Colour the glyphs of a chart for a theme. The tag of each names its colour."""
    for renderer in made.renderers:
        assert isinstance(renderer, GlyphRenderer)
        glyph = renderer.glyph
        for colour in set(glyph.tags) & COLOURS[theme].keys():
            names = {"line_color", "fill_color", "hatch_color", "text_color"} & glyph.properties()
            given = {name: COLOURS[theme][colour] for name in names if getattr(glyph, name) is not None}
            glyph.update(**given)


def row(*charts: figure) -> list[pn.pane.Bokeh]:
    """Return panes for charts that lie side by side."""
    return [pn.pane.Bokeh(made, sizing_mode="stretch_both", margin=2) for made in charts]


def strip() -> pn.Row:
    """Return a container that puts charts side by side; on a narrow screen one below the other."""
    return pn.Row(sizing_mode="stretch_both", margin=0, stylesheets=_SIDE_BY_SIDE)


def fit(span: Range1d, *curves: Sequence[float], cap: float = 100.0, least: float = 0.0) -> None:
    """Set a range to show values with some room around them.

    Parameters
    ----------
    cap
        Percentile of each curve that the range goes up to, once it has `ENOUGH` points.
    least
        Room at least, in the unit of the values.
    """
    known = [values[np.isfinite(values)] for values in (np.asarray(curve, dtype=float) for curve in curves)]
    known = [values for values in known if len(values)]
    if not known:
        return
    low = min(float(values.min()) for values in known)
    high = max(float(np.percentile(v, cap)) if len(v) >= ENOUGH else float(v.max()) for v in known)
    room = max(0.08 * (high - low), least) or 1.0
    if (span.start, span.end) != (low - room, high + room):
        span.update(start=low - room, end=high + room)
