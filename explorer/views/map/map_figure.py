"""The figure of the map: its plot is named and stripped, and the renderers over its pixels are added."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from bokeh.events import MouseMove
from bokeh.models import ColumnDataSource, WheelZoomTool
from bokeh.plotting import figure as Figure


class FigureSetup:
    """Names the plot and its renderers, and removes the parts that a map does not need."""

    def __init__(self, name: str, on_move: Callable[[MouseMove], None]) -> None:
        self._name = name
        # HoloViews keeps the options of every element, and with them this hook, for good.
        self._on_move = WeakMethod(on_move)

    def __call__(self, plot: Any, element: Any) -> None:
        figure: Figure = plot.state
        if figure.name == self._name:
            return
        figure.name = self._name
        figure.on_event(MouseMove, self._moved)
        # The canvas is faster than WebGL for one image, and works where there is no GPU.
        figure.output_backend = "canvas"
        figure.toolbar.logo = None
        figure.min_border = 0
        figure.min_border_left = 40  # most numbers fit, so that the frame keeps its width while one zooms
        figure.outline_line_width = 0  # the dark theme sets colour and alpha again
        for axis in figure.axis:
            axis.axis_line_alpha = 0
            axis.minor_tick_line_alpha = 0
            axis.major_tick_line_alpha = 0.4
        for tool in figure.tools:
            if isinstance(tool, WheelZoomTool):
                tool.zoom_on_axis = False  # one axis alone would lose the common scale
        for grid in figure.grid:
            grid.grid_line_alpha = 0.15
        plot.handles["glyph_renderer"].name = "lx-pixels"
        net = ColumnDataSource({"xs": [], "ys": []})
        figure.multi_line(
            "xs",
            "ys",
            source=net,
            line_color="#808890",
            line_alpha=0.45,
            line_width=1,
            level="underlay",
            name="lx-net",
        )
        self._draw_prior(figure)
        self._draw_names(figure)
        self._draw_pins(figure)
        # Dark in light: seen on any colour, in both themes.
        ellipse = ColumnDataSource({"xs": [], "ys": []})
        for width, ink in ((3, "#ffffff"), (1.4, "#000000")):
            figure.multi_line("xs", "ys", source=ellipse, line_color=ink, line_width=width, name="lx-ellipse")
        shape = ColumnDataSource({"xs": [], "ys": []})
        for ink, dash in (("#ffffff", "solid"), ("#000000", "dashed")):
            figure.multi_line(
                "xs", "ys", source=shape, line_color=ink, line_dash=dash, line_width=2, name="lx-shape"
            )
        mark = ColumnDataSource({"x": [], "y": []})
        for size, ink in ((14, "#ffffff"), (11, "#000000")):
            figure.scatter(
                "x", "y", source=mark, size=size, fill_alpha=0, line_color=ink, line_width=2, name="lx-mark"
            )

    def _moved(self, event: Any) -> None:  # of those that Bokeh knows, a MouseMove
        on_move = self._on_move()
        if on_move is not None:
            on_move(event)

    def _draw_prior(self, figure: Figure) -> None:
        prior = ColumnDataSource({"xs": [], "ys": []})
        figure.multi_line(
            "xs",
            "ys",
            source=prior,
            line_color="#808890",
            line_width=1.3,
            line_dash=[6, 4],
            name="lx-prior",
        )
        sigmas = ColumnDataSource({"x": [], "y": [], "text": [], "ink": [], "edge": []})
        self._draw_words(figure, sigmas, "lx-prior-sigmas", text_font_size="11px", y_offset=-8)

    def _draw_names(self, figure: Figure) -> None:
        names = ColumnDataSource({"x": [], "y": [], "text": [], "ink": [], "edge": []})
        self._draw_words(figure, names, "lx-names", text_font_size="14px", text_font_style="bold")

    @staticmethod
    def _draw_words(figure: Figure, source: ColumnDataSource, name: str, **look: Any) -> None:
        look["text_outline_width"] = 4  # Bokeh's types do not know it
        # The edge apart and beneath: drawn after its letter it would eat into it.
        for colour, edge in (("edge", "edge"), ("ink", None)):
            figure.text(
                "x",
                "y",
                "text",
                source=source,
                text_align="center",
                text_baseline="middle",
                text_color=colour,
                text_outline_color=edge,
                name=name,
                **look,
            )

    def _draw_pins(self, figure: Figure) -> None:
        pins = ColumnDataSource({"x": [], "y": [], "text": []})
        figure.scatter(
            "x",
            "y",
            source=pins,
            marker="inverted_triangle",
            size=13,
            fill_color="#ffd54a",
            line_color="#1d1d1f",
            line_width=1.5,
            name="lx-pins",
        )
        figure.text(
            "x",
            "y",
            "text",
            source=pins,
            y_offset=-9,
            text_align="center",
            text_font_size="11px",
            text_font_style="bold",
            text_color="#1d1d1f",
            text_outline_color="#ffffff",
            name="lx-pin-numbers",
        )
