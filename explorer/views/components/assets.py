"""Scripts and style sheets of the components, as text for the browser."""

from __future__ import annotations

import re
from pathlib import Path

_VIEWS = Path(__file__).parents[1]

# The forms that the scripts use, each at the beginning of a line. The formatter writes no other.
_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)"\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def script(name: str) -> str:
    """Join a script and all that it imports into one module.

    The sources are ES modules. In the browser the module of a component has no address of its own, so it
    cannot import another by a relative path. Here each imported module becomes a function that runs once
    and returns what the module exports, so no two modules share a name by accident.

    Parameters
    ----------
    name
        Path below `explorer/views`, without the ending: ``"map/latent_map"``.

    Raises
    ------
    ValueError
        If modules import each other in a circle, or use a form of import or export that is not joined.
    """
    joined: dict[Path, str] = {}
    entry = _body((_VIEWS / f"{name}.js").resolve(), joined, ())
    return "\n".join([*joined.values(), entry])


def styles(*names: str) -> list[str]:
    """Return style sheets by their paths, as `script` does, for a component's `_stylesheets`."""
    return [(_VIEWS / f"{name}.css").read_text(encoding="utf-8") for name in names]


def _body(path: Path, joined: dict[Path, str], importing: tuple[Path, ...]) -> str:
    """Return a module whose imports are names of modules in `joined`; those are added there first."""
    if path in importing:
        circle = " -> ".join(each.name for each in (*importing[importing.index(path) :], path))
        raise ValueError(f"the scripts import each other in a circle: {circle}")

    def bind(match: re.Match[str]) -> str:
        imported = (path.parent / match[2]).resolve()
        if imported not in joined:
            joined[imported] = _module(imported, joined, (*importing, path))
        names = match[1].strip().rstrip(",").replace(" as ", ": ")
        return f"const {{{names}}} = {_variable(imported)}\n"

    text = _IMPORT.sub(bind, path.read_text(encoding="utf-8"))
    for line in _OTHER.findall(text):
        if not _EXPORT.match(line):
            raise ValueError(f"{path.name}: this form of import or export is not joined: {line}")
    return text


def _module(path: Path, joined: dict[Path, str], importing: tuple[Path, ...]) -> str:
    body = _body(path, joined, importing)
    names = ", ".join(match[1] for match in _EXPORT.finditer(body))
    return f"const {_variable(path)} = (() => {{\n{_EXPORT.sub('', body)}\nreturn {{{names}}}\n}})()\n"


def _variable(path: Path) -> str:
    return "module_" + re.sub(r"\W", "_", path.relative_to(_VIEWS.resolve()).with_suffix("").as_posix())
