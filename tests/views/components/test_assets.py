"""The joining of scripts: each module once, what it needs before it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import explorer.views
from explorer.views.components import assets
from explorer.views.components.assets import script
from tests.views.conftest import Scripts

VIEWS = Path(explorer.views.__file__).parent
COMPONENTS = [
    path.relative_to(VIEWS).with_suffix("").as_posix()
    for path in sorted(VIEWS.rglob("*.js"))
    if "export function render(" in path.read_text()
]


IMPORTED = "await import(URL.createObjectURL(new Blob([text], {type: 'text/javascript'})))"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(assets, "_VIEWS", tmp_path)
    (tmp_path / "parts").mkdir()
    return tmp_path


def run(scripts: Scripts, text: str) -> object:
    """Return what `render` of a joined module returns."""
    return scripts.page.evaluate(
        f"async (text) => ({IMPORTED}).render()",
        text,
    )


def test_modules_that_use_the_same_names_do_not_meet(folder: Path, scripts: Scripts) -> None:
    (folder / "parts" / "one.js").write_text("const NAME = 1\nexport const one = () => NAME\n")
    (folder / "parts" / "two.js").write_text(
        'import {one} from "./one.js"\n\nconst NAME = 2\n'
        "export async function two() {\n  return one() + NAME\n}\n"
    )
    (folder / "whole.js").write_text(
        'import {\n  one as first,\n} from "./parts/one.js"\nimport {two} from "./parts/two.js"\n\n'
        "const NAME = 100\n"
        "export async function render() {\n  return NAME + 10 * first() + (await two())\n}\n"
    )
    text = script("whole")
    assert text.count("const NAME = 1\n") == 1
    assert run(scripts, text) == 113


def test_a_circle_is_refused(folder: Path) -> None:
    (folder / "a.js").write_text('import {b} from "./b.js"\nexport const a = b\n')
    (folder / "b.js").write_text('import {a} from "./a.js"\nexport const b = a\n')
    with pytest.raises(ValueError, match=r"a\.js -> b\.js -> a\.js"):
        script("a")


@pytest.mark.parametrize(
    "line",
    ['import * as b from "./b.js"', 'import "./b.js"', "export default 1", "export {a}", "export let a = 1"],
)
def test_a_form_that_is_not_joined_is_refused(folder: Path, line: str) -> None:
    (folder / "b.js").write_text("")
    (folder / "a.js").write_text(f"{line}\n")
    with pytest.raises(ValueError, match=r"a\.js: this form"):
        script("a")


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_browser_takes_every_component(scripts: Scripts, name: str) -> None:
    text = script(name)
    assert scripts.page.evaluate(f"async (text) => typeof ({IMPORTED}).render", text) == "function"
