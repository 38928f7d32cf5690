"""The explorer in JupyterLab: what a worker finds reaches the cell, and what Python selects the map."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbformat import v4, write
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.tab import Tab, until

ROOT = Path(__file__).resolve().parent.parent.parent
CELLS = (
    "import explorer, models\n"
    "data = explorer.load_dataset('digits')\n"
    "model = models.create('vae', shape=data.shape)\n"
    "steps = list(models.fit(model, data.train, epochs=2, seed=0))\n"
    "app = explorer.Explorer(data, model)",
    "app",
    "app.session.selection.random(10, seed=0)\nprint(len(app.selection), 'of', len(data))",
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """JupyterLab on loopback, with settings and kernels of its own; the address of a notebook in it."""
    work = tmp_path / "work"
    work.mkdir()
    notebook = v4.new_notebook(cells=[v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    write(notebook, work / "lab.ipynb")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        environment[f"JUPYTER_{name}"] = str(tmp_path / name.lower())
    for name in ("SETTINGS_DIR", "WORKSPACES_DIR"):
        environment[f"JUPYTERLAB_{name}"] = str(tmp_path / name.lower())
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0"]
    command += ["--allow-root", "--IdentityProvider.token=lab", f"--ServerApp.root_dir={work}"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            log, url = [], None
            for line in server.stderr:
                log.append(line)
                if url := re.search(r"http://127\.0\.0\.1:\d+/lab", line):
                    break
            assert url, "".join(log)
            yield f"{url[0]}/tree/lab.ipynb?token=lab"
        finally:
            server.terminate()  # which ends its kernels too
            server.stderr.read()


def _run_all(page: Page, url: str) -> None:
    page.goto(url)
    # The circle beside the kernel's name is idle before there is a kernel, and cells run then are not run;
    # the bar below says "Connecting" meanwhile.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle", timeout=60_000)
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("[data-command='runmenu:run-all']").first.click()
    prompts = page.locator(".jp-Notebook .jp-InputPrompt")
    expect(prompts).to_have_text(["[1]:", "[2]:", "[3]:"], timeout=120_000)


def test_explorer_in_jupyterlab(context: BrowserContext, lab: str) -> None:
    tab = Tab(context.new_page())
    page = tab.page
    _run_all(page, lab)
    tab.wait_for_map()
    expect(page.locator(".jp-OutputArea-output", has_text="10 of 1797")).to_be_visible()
    expect(page.locator(".lx-selection")).to_contain_text("10 of 1,797")
    expect(page.locator(".lx-points")).to_contain_text("1,797")
    box = page.locator(".lx-map").bounding_box()
    for fraction in (0.4, 0.5, 0.6):
        before = tab.frames
        page.mouse.move(box["x"] + fraction * box["width"], box["y"] + 0.5 * box["height"])
        until(lambda before=before: tab.frames > before, "the frame of this place")
    assert tab.problems == []
