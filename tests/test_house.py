"""The laws of the house that no linter knows: what imports what, sizes, names, what is tracked."""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from benchmarks import table
from explorer.core.selection.brush import Box
from models.losses import gaussian_kl

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "explorer")
SCREEN = ("panel", "panel_material_ui", "holoviews", "bokeh", "tornado")
LONGEST_MODULE, LONGEST_SCRIPT, LONGEST_FUNCTION, MOST_CELLS, MOST_FILES = 320, 300, 60, 15, 16

# `models` is a flat library: a file for each page of a paper, and no two of them a subject of their own.
FULLER_FOLDERS = {"models"}

# The folders whose docstrings and comments are held to plain technical English, and the pages.
READ = ("models", "explorer", "benchmarks")
PAGES = ("README.md", "CONTRIBUTING.md", "docs")

# A public docstring begins with a verb in the imperative or a noun phrase, and so with none of these.
NO_OPENING = re.compile(
    r"(?:What|How|Whether|Have|Has|Had|Which|Where|Who|Whom|Whose|When|Why"
    r"|Nobody|Somebody|Whoever|Everybody|There)\b"
)
NO_WORDING = re.compile(
    r"\b(?:whoever|whomever|nobody|somebody|everybody|(?:is|be)\s+had|comes?\s+to\s+be)\b", re.IGNORECASE
)

# Modules that import something for type checkers alone. The package names its public face that way; the
# commands import what they run when they run it, so that --help is answered at once.
TYPE_ONLY = {
    "explorer/__init__.py",
    "explorer/cli/runs.py",
    "explorer/cli/serve.py",
    "explorer/cli/train.py",
}

# The user's choices in `State`: parameters that widgets are bound to, and that a view may therefore assign.
CHOICES = {"colour_by", "projection", "draws", "theme", "dims", "named", "keeps_scale"}

# Where conda-forge has another name for a package.
CONDA_NAMES = {
    "torch": "pytorch",
    "jupyter-bokeh": "jupyter_bokeh",
    "jupyter-client": "jupyter_client",
    "playwright": "playwright-python",
}

ONLY_BY_PIP = {"axe-playwright-python", "oxfmt", "oxlint"}

MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:home|root|work|Users|opt|mnt|srv|tmp)/\w")
FOREIGN_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|download\.pytorch\.org|anaconda\.(?:org|com)|npmjs\.(?:org|com)"
    r"|jsdelivr\.net|unpkg\.com|esm\.sh|cdnjs\.|googleapis\.com|--(?:extra-)?index-url",
    re.IGNORECASE,
)
LEFT_FOR_LATER = re.compile(
    r"\bTODO\b|\bFIXME\b|\bXXX\b|raise NotImplementedError"
    r"|mark\.(?:skip|xfail)|pytest\.(?:skip|xfail|importorskip)\("
)


def _tracked() -> list[Path]:
    """Every file of the repository as it would be cloned: what git tracks, and what it would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def _texts() -> Iterator[tuple[Path, int, str]]:
    """Each line of each tracked text file but this one, with its number."""
    for path in _tracked():
        if path == Path(__file__).resolve() or b"\0" in (content := path.read_bytes()):
            continue
        for number, line in enumerate(content.decode().splitlines(), start=1):
            yield path.relative_to(ROOT), number, line


def _modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _imported(source: Path) -> set[str]:
    """The top-level names that a module imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _bounds(lines: list[str]) -> dict[str, str]:
    """Package names to their bounds, from lines as ``name>=1.2``."""
    return dict(re.fullmatch(r"([\w-]+)(.*)", line).groups() for line in lines)


def _declared(*extras: str) -> dict[str, str]:
    """The requirements in pyproject.toml: the app's packages and those of the named extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [project["optional-dependencies"][extra] for extra in extras]
    return _bounds([line for lines in (project["dependencies"], *asked) for line in lines])


def _loaded_by(statement: str) -> set[str]:
    """Top-level names of all modules that a fresh interpreter holds after a statement."""
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_shapes_in_annotations_are_checked() -> None:
    # Each of them would go through by broadcasting, if the import hook of conftest.py did not hold.
    with pytest.raises(TypeCheckError):
        gaussian_kl(torch.zeros(2, 3), torch.zeros(2, 1))
    with pytest.raises(TypeCheckError):
        Box(0, 0, 1, 1).mask(np.zeros((5, 3)))


def test_private_parts_of_others_are_touched_in_one_file() -> None:
    # An attribute with an underscore belongs to its object: here to `self`, `cls` or `super()`.
    owners = ("self", "cls", "super()")
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in _modules("explorer/views")
        if path.name != "panel_internals.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr)
        if ast.unparse(node.value) not in owners
    ]
    assert not found


def test_importing_the_views_changes_nothing_of_panel() -> None:
    # What is mended there is mended by the composition of a page.
    code = (
        "import panel.io.document as document; from bokeh.server.views.ws import WSHandler;"
        "before = document._dispatch_msgs, WSHandler.open;"
        "import explorer.views.page.page, explorer.views.notebook;"
        "assert before == (document._dispatch_msgs, WSHandler.open)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_importing_explorer_opens_no_screen() -> None:
    loaded = _loaded_by("import explorer")
    assert "explorer" in loaded
    assert loaded.isdisjoint(SCREEN)


def test_models_stand_on_their_own() -> None:
    loaded = _loaded_by("import models; models.names()")
    assert "models" in loaded
    assert loaded.isdisjoint({"explorer", *SCREEN})


def test_no_machine_and_no_registry_is_named() -> None:
    found = [
        f"{path}:{number}: {line.strip()}"
        for path, number, line in _texts()
        if MACHINE_PATH.search(line) or FOREIGN_HOST.search(line)
    ]
    assert not found


def test_nothing_is_left_for_later() -> None:
    found = [
        f"{path}:{number}: {line.strip()}"
        for path, number, line in _texts()
        if path.suffix in {".py", ".js", ".css", ".sh"} and LEFT_FOR_LATER.search(line)
    ]
    assert not found


def test_a_module_is_one_idea() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in _modules(*PACKAGES, "benchmarks")}
    assert not {str(path): length for path, length in lengths.items() if length > LONGEST_MODULE}


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring, which may be as long as it has to say."""
    documented = ast.get_docstring(function, clean=False) is not None
    text = function.body[0].end_lineno - function.body[0].lineno + 1 if documented else 0
    return function.end_lineno - function.lineno + 1 - text


def test_a_function_is_one_thought() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {_length(node)} lines"
        for path in _modules(*PACKAGES, "benchmarks", "tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > LONGEST_FUNCTION
    ]
    assert not found


def test_scripts_keep_the_sizes() -> None:
    # The linter counts, as in `make lint`; this compares the limits, and whether it reads every script.
    rules = json.loads((ROOT / ".oxlintrc.json").read_text())["rules"]
    assert rules["max-lines"] == ["error", {"max": LONGEST_SCRIPT}]
    assert rules["max-lines-per-function"] == ["error", {"max": LONGEST_FUNCTION, "IIFEs": True}]
    scripts = [path for path in _tracked() if path.suffix == ".js"]
    linter = Path(sys.executable).with_name("oxlint")
    done = subprocess.run([linter, "--format=json"], cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["diagnostics"] == []
    assert report["number_of_files"] == len(scripts)
    assert not {path.name for path in scripts if "oxlint-disable" in path.read_text()}


def test_a_folder_is_one_subject() -> None:
    files = Counter(
        str(path.parent.relative_to(ROOT))
        for path in _tracked()
        if path.suffix in {".py", ".js", ".css"} and path.name != "__init__.py"
        if path.relative_to(ROOT).parts[0] in PACKAGES
    )
    assert {folder for folder, count in files.items() if count > MOST_FILES} == FULLER_FOLDERS


def test_no_collaborator_of_a_session_imports_the_session() -> None:
    # An import for type checkers alone counts too: the collaborator would still hold the whole session.
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in _modules("explorer/session")
        if path.relative_to(ROOT / "explorer/session").as_posix() not in {"session.py", "__init__.py"}
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        if not {"explorer.session", "explorer.session.session", "explorer.session.Session"}.isdisjoint(
            _imported_names(node)
        )
    ]
    assert not found


def _imported_names(node: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the dotted names that a statement imports, and of ``from a import b`` as ``a.b``.

    ``from explorer.session import state`` is no import of `explorer.session` here, but of one of its modules.
    """
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    names = {f"{node.module}.{alias.name}" for alias in node.names}
    return names | ({node.module} if node.module == "explorer.session.session" else set())


def test_nothing_is_imported_for_type_checkers_alone() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in _modules("explorer")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
    }
    assert not found - TYPE_ONLY


def _assigned(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the targets of an assignment, those of a tuple one by one."""
    targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [getattr(node, "target", None)]
    for target in targets:
        yield from (part for part in ast.walk(target) if isinstance(part, ast.expr)) if target else ()


def test_state_is_written_by_its_own_methods() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{target.lineno}: {ast.unparse(target)}"
        for path in _modules("explorer/session", "explorer/views")
        if path != ROOT / "explorer/session/state.py"
        for node in ast.walk(ast.parse(path.read_text()))
        for target in _assigned(node)
        if isinstance(target, ast.Attribute) and isinstance(target.ctx, ast.Store | ast.Del)
        if ast.unparse(target.value).rpartition(".")[2] in {"state", "_state"}
        if target.attr not in CHOICES
    ]
    assert not found


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[tuple[str, int, str | None]]:
    """Yield name, line and docstring of a module and of what is public in it."""
    if isinstance(tree, ast.Module):
        yield "module", 1, ast.get_docstring(tree)
    for node in tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("_"):
            yield node.name, node.lineno, ast.get_docstring(node)
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def test_a_public_docstring_begins_with_a_verb_or_a_noun() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}: {text.splitlines()[0]}"
        for path in _modules(*READ)
        for name, line, text in _public(ast.parse(path.read_text()))
        if text and NO_OPENING.match(text)
    ]
    assert not found, "\n".join(found)


def _prose_of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield each docstring and each block of comments, with its first line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.lineno, str(node.value.value)
    block: list[str] = []
    start = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if not block or token.start[0] != start + len(block):
            if block:
                yield start, "\n".join(block)
            block, start = [], token.start[0]
        block.append(token.string.lstrip("# "))
    if block:
        yield start, "\n".join(block)


def _prose_of_script(source: str) -> Iterator[tuple[int, str]]:
    """Yield each block of comments of a script or a style sheet, with its first line."""
    comments = r"/\*.*?\*/|(?:(?<![:\w'\"/])//[^\n]*(?:\n[ \t]*)?)+"
    for comment in re.finditer(comments, source, re.DOTALL):
        yield source.count("\n", 0, comment.start()) + 1, comment.group().replace("//", "")


def _prose() -> Iterator[tuple[Path, int, str]]:
    """Yield what people read: docstrings and comments of the folders in `READ`, and the pages."""
    readers = {".py": _prose_of_python, ".js": _prose_of_script, ".css": _prose_of_script}
    for path in _tracked():
        name = path.relative_to(ROOT)
        if path.suffix == ".md" and any(name.is_relative_to(page) for page in PAGES):
            yield name, 1, path.read_text()
        elif path.suffix in readers and any(name.is_relative_to(folder) for folder in READ):
            for line, text in readers[path.suffix](path.read_text()):
                yield name, line, text


def test_prose_is_plain() -> None:
    found = [
        f"{path}:{line + text.count(chr(10), 0, match.start())}: {' '.join(match.group().split())}"
        for path, line, text in _prose()
        for match in NO_WORDING.finditer(text)
    ]
    assert not found, "\n".join(found)


def test_no_module_hides_one_of_the_standard_library() -> None:
    # While `panel serve explorer/app.py` runs its script, explorer/ is first on sys.path.
    names = {path.stem for path in (ROOT / "explorer").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert names.isdisjoint(sys.stdlib_module_names)


def test_tests_are_no_package() -> None:
    # tests/models/__init__.py would hide `models`.
    assert not list((ROOT / "tests").rglob("__init__.py"))


@pytest.mark.parametrize(
    ("folders", "extras"),
    [(PACKAGES, ()), (("tests", "benchmarks"), ("test",))],
    ids=["what is shipped", "what tests it"],
)
def test_what_is_imported_is_declared(folders: tuple[str, ...], extras: tuple[str, ...]) -> None:
    imported = set().union(*(_imported(path) for path in _modules(*folders)))
    own = {"models", "explorer", "benchmarks", "tests"}
    owners = metadata.packages_distributions()
    declared = _declared(*extras).keys()
    undeclared = {
        name
        for name in imported - own - sys.stdlib_module_names
        if declared.isdisjoint(owner.lower().replace("_", "-") for owner in owners.get(name, [name]))
    }
    assert not undeclared


def test_what_is_declared_is_imported() -> None:
    imported = set().union(*(_imported(path) for path in _modules(*PACKAGES)))
    owners = metadata.packages_distributions()
    used = {owner.lower().replace("_", "-") for name in imported for owner in owners.get(name, [])}
    # pandas reads parquet through the first, imageio writes videos through the second.
    assert _declared().keys() - used <= {"pyarrow", "imageio-ffmpeg"}


def test_conda_gets_the_same_dependencies() -> None:
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in _declared("notebook", "test").items()}
    wanted |= {"python": ">=3.11", "pip": ""}
    _, _, listed = (ROOT / "environment.yml").read_text().partition("dependencies:")
    from_conda, _, from_pip = listed.partition("  - pip:")
    by_pip = _bounds(re.findall(r"^      - (.+)$", from_pip, re.MULTILINE))
    assert by_pip.keys() == ONLY_BY_PIP
    assert _bounds(re.findall(r"^  - (.+)$", from_conda, re.MULTILINE)) | by_pip == wanted


def test_constraints_pin_what_is_declared_and_leave_torch_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = _bounds([line for line in lines if not line.startswith("#")])
    assert pinned.keys() == _declared("notebook", "test").keys() - {"torch", "torchvision"}


def test_a_notebook_is_short() -> None:
    cells = {
        path.name: len(json.loads(path.read_text())["cells"]) for path in (ROOT / "notebooks").glob("*.ipynb")
    }
    assert not {name: count for name, count in cells.items() if count > MOST_CELLS}


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_the_figures_of_the_readme_were_measured() -> None:
    readme = (ROOT / "README.md").read_text()
    shown = readme.partition("<!-- bench:begin -->")[2].partition("<!-- bench:end -->")[0]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.splitlines() if "|" in line]
    results = ROOT / "benchmarks" / "results.json"
    rows = json.loads(results.read_text())["rows"] if results.exists() else []
    measured = {
        (row["work"], *(table.number(row[app]["value"]) if row[app] else "-" for app in ("stock", "ours")))
        for row in rows
    }
    # The columns as the benchmark prints them: work, unit, stock, ours, ...
    assert {(work, stock, ours) for work, _, stock, ours, *_ in lines[2:]} <= measured
