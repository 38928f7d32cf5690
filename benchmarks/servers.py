"""One process per app, started and stopped by the harness."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # neither annotations nor stubs

from benchmarks.workload import Counter

ROOT = Path(__file__).resolve().parents[1]
APPS = ("stock", "ours")


@dataclass(frozen=True, slots=True)
class Served:
    """A running server of one app."""

    app: str
    points: int
    url: str
    process: psutil.Process
    counter: Counter

    @property
    def handles(self) -> tuple[str, str]:
        """CSS classes of the map and of the decoded sample."""
        prefix = "lx" if self.app == "ours" else "stock"
        return f"{prefix}-map", f"{prefix}-frame"

    def settle(self, seconds: float = 60.0) -> bool:
        """Wait until the server has finished its background work; return False where it had not."""
        end = time.perf_counter() + seconds
        self.process.cpu_percent()
        calm = 0
        while calm < 3 and time.perf_counter() < end:
            time.sleep(0.2)
            calm = calm + 1 if self.process.cpu_percent() < 8 else 0
        return calm >= 3


@contextmanager
def serving(app: str, points: int, space: str = "") -> Iterator[Served]:
    """Start an app over a cloud of `points` (0: the training data), wait until it serves, and stop it.

    `space` is the kind of map of our app: the plane, or ``solid``, ``globe``, ``many``, ``time``.
    """
    with tempfile.TemporaryDirectory(prefix="explorer-bench-") as folder:
        path = Path(folder)
        counter = Counter(path / "trained")
        log = path / "log"
        laid_out = ["--space", space] if space else []
        command = [sys.executable, "-m", f"benchmarks.{app}", "--counter", str(path / "trained")]
        environment = {
            **os.environ,
            "EXPLORER_HOME": str(path / "home"),  # no model kept from before, none left behind
            "BOKEH_RESOURCES": "server",
        }
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [*command, "--points", str(points), *laid_out], cwd=ROOT, env=environment, text=True,
                stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
            try:
                port = _port(process, log)
                yield Served(app, points, f"http://localhost:{port}/", psutil.Process(process.pid), counter)
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()
                process.wait()
                counter.close()
        _complain(app, log)


def _port(process: subprocess.Popen[str], log: Path) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            return int(line.split()[1])
    raise RuntimeError(f"the server ended before it served:\n{log.read_text(errors='replace')[-3000:]}")


def _complain(app: str, log: Path) -> None:
    """Print the errors that the server logged; a socket closed with its page is none."""
    errors = re.findall(r"^[\w.]*(?:Error|Exception)\b.*$", log.read_text(errors="replace"), re.MULTILINE)
    for error in dict.fromkeys(error for error in errors if "ClosedError" not in error):
        print(f"  {app} logged: {error}", file=sys.stderr)
