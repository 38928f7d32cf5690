"""The scripts and style sheets of the components, which the browser gets as text."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "js"


def script(*names: str) -> str:
    """Return these scripts as one module: in the browser a component's module cannot import another's."""
    return "\n".join((_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in names)


def styles(*names: str) -> list[str]:
    """Return these style sheets, for a component's `_stylesheets`."""
    return [(_FOLDER / f"{name}.css").read_text(encoding="utf-8") for name in names]
