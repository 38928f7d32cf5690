"""A component that holds others, and whose own words change many times a second."""

from __future__ import annotations

from typing import Any

from panel.custom import JSComponent


class Layout(JSComponent):
    """Changes as fast as a component that holds nothing.

    After every change Panel looks through all that a component refers to for data models which do not yet
    bear the mark of their page. Below one that holds plots these are hundreds of models, and it takes more
    than the change (20 ms; a training beside it waits). What is held marks itself when it is made, so here
    only the component's own data are looked at.
    """

    __abstract = True

    @classmethod
    def _patch_datamodel_ref(cls, props: Any, ref: str) -> None:
        mark = f"__ref:{ref}"
        if mark not in props.tags:
            props.tags.append(mark)
