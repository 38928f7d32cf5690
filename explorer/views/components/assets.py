"""Scripts and style sheets of the components, as text for the browser."""

from __future__ import annotations

from pathlib import Path

_VIEWS = Path(__file__).parents[1]


def script(*names: str) -> str:
    """Join scripts into one module: in the browser a component's module cannot import another's.

    Parameters
    ----------
    names
        Paths below `explorer/views`, without the ending: ``"components/drawing"``. What a script uses
        stands before it.
    """
    return "\n".join((_VIEWS / f"{name}.js").read_text(encoding="utf-8") for name in names)


def styles(*names: str) -> list[str]:
    """Return style sheets by their paths, as `script` does, for a component's `_stylesheets`."""
    return [(_VIEWS / f"{name}.css").read_text(encoding="utf-8") for name in names]
