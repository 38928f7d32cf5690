"""The notebooks run from top to bottom and show what they say; a script with an Explorer is served."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

import explorer
import models

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(ROOT.joinpath("notebooks").glob("*.ipynb"))


class _ThisPython(AsyncKernelManager):
    """Starts the kernel in the Python of the tests: what kernels the machine has does not matter."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])


def _ran(name: str) -> NotebookNode:
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_manager_class=_ThisPython,
        timeout=120,
        resources={"metadata": {"path": str(ROOT)}},
    )
    # One thread: on a busy machine several wait for one another far longer than they work.
    return client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})


def _output(notebook: NotebookNode, source: str, mime: str = "text/plain") -> str:
    """Return what a cell that ends in `source` gave, in that form."""
    (cell,) = [c for c in notebook.cells if c.cell_type == "code" and c.source.endswith(source)]
    found = [o["data"][mime] for o in cell.outputs if mime in o.get("data", {})]
    assert found, f"{source!r} gave no {mime}, but {[o.output_type for o in cell.outputs]}"
    return found[-1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_short_and_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert len(notebook.cells) <= 15
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert not any(re.search(r"^\s*(def|class|async def) ", cell.source, re.MULTILINE) for cell in code)


def test_first_steps() -> None:
    notebook = _ran("first_steps.ipynb")
    losses = [float(x) for x in re.findall(r"held-out loss ([\d.]+) nats", str(notebook.cells))]
    assert len(losses) == 4
    assert losses[-1] < losses[0]
    assert _output(notebook, "cloud.train").startswith("((1797, 2), ")
    assert _output(notebook, 'colour_by="label"))', "image/png")
    assert "lx-map" in _output(notebook, "app", "text/html")
    indices = [int(i) for i in re.findall(r"\d+", _output(notebook, "app.selection").split("dtype")[0])]
    data = explorer.load_dataset("digits")
    assert len(indices) > 10
    assert set(np.array(data.classes)[data.y[indices]]) == {"3"}
    assert "z2" in _output(notebook, ".head()")


def test_your_own_data() -> None:
    notebook = _ran("your_own_data.ipynb")
    assert "('alder', 'birch', 'cedar')" in _output(notebook, "trees.notes")
    assert "lx-map" in _output(notebook, "app", "text/html")
    described = _output(notebook, "round(2)")
    heights = {line.split()[0]: float(line.split()[1]) for line in described.splitlines()[1:9]}
    assert heights["count"] > 100
    assert 30 < heights["min"] < heights["mean"] < heights["max"] < 60  # in metres: the table's own unit
    assert "(1, 16, 16), ('disc', 'ring')" in _output(notebook, "shapes.notes")
    assert "lx-map" in _output(notebook, "explorer.Explorer(shapes)", "text/html")


def test_selection_in_a_plain_script_waits_for_the_map_and_comes_back() -> None:
    data = explorer.load_dataset("iris")
    app = explorer.Explorer(data, models.create("ae", shape=data.shape, latent=2))
    assert app.selection.tolist() == []
    assert len(app.selected_frame()) == 0
    app.session.selection.random(10, seed=3)
    assert len(app.selection) == 10
    assert app.selected_frame().index.tolist() == app.selection.tolist()
    app.session.close()


def test_panel_serves_a_script_with_an_explorer(tmp_path: Path) -> None:
    script = tmp_path / "lab.py"
    script.write_text(
        "import explorer, models\n"
        "data = explorer.load_dataset('iris')\n"
        "explorer.Explorer(data, models.create('ae', shape=data.shape, latent=2)).servable()\n"
    )
    command = [sys.executable, "-m", "panel", "serve", str(script), "--port", "0", "--address", "127.0.0.1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            log, url = [], None
            for line in server.stderr:
                log.append(line)
                if url := re.search(r"http://\S+/lab", line):
                    break
            assert url, "".join(log)
            with urlopen(url[0]) as answer:
                page = answer.read().decode()
            assert answer.status == 200
            assert "<title>Latent Explorer</title>" in page
        finally:
            server.terminate()
            server.stderr.read()
