"""What every test stands on: checked shapes, a home of its own, and whether there is real data.

This file is imported before any test module, so whatever must happen before `models` or
`explorer.core` are imported happens here, at import.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import tempfile
from pathlib import Path

# One thread a process, and the processes share the cores: the arrays of the tests are small, and several
# threads only wait for one another, spinning. A pool reads this when its library is imported, hence here.
# (`torch.set_num_threads(1)` does not last: numba's pool, where UMAP begins it, sets it back.)
for _pool in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
    os.environ[f"{_pool}_NUM_THREADS"] = "1"

import hypothesis
import pytest
from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parent.parent

# Shapes are part of the types: from here on beartype checks every annotation of these packages.
install_import_hook(["models", "explorer.core"], "beartype.beartype")

# The user's own runs, data and caches are neither read nor written. Set before anything is
# imported, since a module may read them once; subprocesses (servers, notebooks) inherit them.
_HOME = tempfile.TemporaryDirectory(prefix="latent-explorer-test-", ignore_cleanup_errors=True)
for _variable in ("EXPLORER_HOME", "EXPLORER_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
    _folder = Path(_HOME.name, _variable.lower())
    _folder.mkdir()
    os.environ[_variable] = str(_folder)

hypothesis.settings.register_profile(
    "explorer", deadline=None, max_examples=30, derandomize="CI" in os.environ
)
hypothesis.settings.load_profile("explorer")


_LONGEST = {
    *("test_notebooks", "test_durability", "test_command_line", "test_evaluation"),
    *("test_tabs", "test_globe", "test_history"),  # in a browser
}


def _real_data() -> Path | None:
    if os.environ.get("EXPLORER_TEST_DATA") == "none":
        return None
    folder = Path(os.environ.get("EXPLORER_TEST_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def pytest_report_header() -> str:
    folder = _real_data()
    if folder is None:
        return "real data: none (EXPLORER_TEST_DATA names the folder); tests that use it use small made files"
    return f"real data: {folder}"


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the real data, and begin with the files that take longest.

    So several processes end at about the same time.
    """
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker("real_data")
    items.sort(key=lambda item: item.path.stem not in _LONGEST)


def pytest_collection_finish() -> None:
    """Look for garbage among what tests make, and not each time among all that is imported."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    _HOME.cleanup()
    if "PYTEST_XDIST_WORKER" not in os.environ:  # those wait for one another and are ended from outside
        # A thread that a failed test left behind would keep the process for ever: say where it hangs.
        faulthandler.dump_traceback_later(60, exit=True)


@pytest.fixture(scope="session")
def real_data() -> Path | None:
    """The folder with the real MNIST, Fashion-MNIST and UCI files, or None where there is none.

    It is read-only: copy what a loader wants to unpack. Tests that use it, themselves or through another
    fixture, have the mark of the same name.
    """
    return _real_data()
