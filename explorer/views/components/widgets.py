"""Small parts that the views have in common: headings, lines, buttons, fields."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from explorer.views.panel_internals import TextPane


def heading(text: str) -> pn.pane.HTML:
    """Return the heading of a section of the sidebar."""
    return pn.pane.HTML(
        f"<h2>{escape(text)}</h2>",
        margin=(10, 10, 0, 10),
        sizing_mode="stretch_width",
        stylesheets=[
            ":host h2 {font-size: 11px; letter-spacing: .09em; text-transform: uppercase; margin: 0;"
            " font-weight: 600; opacity: .72;}"
        ],
    )


class Line:
    """A line of text. Its handle is on the paragraph itself, and a screen reader says what changes.

    Parameters
    ----------
    room
        Lines that are kept free for it, so that nothing around moves while its length changes.
    """

    def __init__(self, handle: str, text: str = "", *, colour: str = "inherit", room: int = 0) -> None:
        self._handle = handle
        style = (
            f":host {{font-size: 13px; line-height: 1.4; color: {colour};}}"
            f" :host p {{margin: 0; min-height: {room * 1.4:g}em;}}"
        )
        self.pane = TextPane(margin=(2, 10), sizing_mode="stretch_width", stylesheets=[style])
        self.say(text)

    def say(self, text: str) -> None:
        """Show a text, if it is not there already."""
        html = f'<p role="status" class="{self._handle}">{escape(text)}</p>'
        if self.pane.object != html:
            self.pane.object = html


def duration(seconds: float) -> str:
    """Return a time in words: "12 s", "3 min 5 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def button(label: str, handle: str, help_text: str, press: Callable[[], object], **look: Any) -> pmui.Button:
    """Return a small button with its help; the help waits, so as not to lie over the button beside it."""
    look = {"variant": "outlined", "margin": (4, 4), **look}
    made = pmui.Button(
        label=label, css_classes=[handle], description=help_text, description_delay=1500, size="small", **look
    )

    def pressed(_: object) -> None:
        press()

    made.on_click(pressed)
    return made


def field(
    parameter: Any, kind: type[pmui.FloatInput | pmui.IntInput], refuse: Callable[[str], object], **look: Any
) -> Any:
    """Return a widget for a numeric parameter, bounds and help included, that says what cannot be.

    The browser lets one type any number, and what the parameter raised would end in the log. Here `refuse`
    gets the sentence, and the widget goes back to the value that holds.
    """
    owner, name = parameter.owner, parameter.name
    widget = kind(value=getattr(owner, name), description=parameter.doc, **look)
    # As one types it: a text that changes on focus loses what was selected.
    widget.format = "0.[00000]" if kind is pmui.FloatInput else "0"

    def bound(*_: Any) -> None:
        widget.start, widget.end = owner.param[name].bounds

    def given(event: Any) -> None:
        try:
            setattr(owner, name, event.new)
        except ValueError:
            low, high = owner.param[name].bounds
            what = "nothing" if event.new is None else f"{event.new:g}"
            refuse(f"{name.replace('_', ' ')} cannot be {what}; give a number from {low:g} to {high:g}.")
            widget.value = getattr(owner, name)

    def changed(event: Any) -> None:
        widget.value = event.new

    bound()
    widget.param.watch(given, "value")
    owner.param.watch(changed, name)
    owner.param.watch(bound, name, what="bounds")
    return widget
