"""The owner of a run: one process at a time, for as long as it lives."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "owner.lock"
PATIENCE = 1.0  # seconds that a process that only looks may hold the lock up


class Ownership:
    """A lock on a run's folder, which the system lets go of when its process ends, however it ends.

    Unlike the number of a process, which another may get, and unlike a heartbeat, which a sleeping
    computer misses. A process that was forked meanwhile holds it too.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path, patience: float = PATIENCE) -> Ownership | None:
        """Own the run of that folder; None where another process does, or the folder is gone."""
        until = time.monotonic() + patience
        while True:
            taken = _locked(folder, exclusive=True)
            if taken is not None:
                return cls(taken)
            if time.monotonic() >= until or not folder.is_dir():
                return None
            time.sleep(0.02)

    def release(self) -> None:
        """Let it go. Idempotent."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def owned(folder: Path) -> bool:
    """Tell whether a living process owns the run of that folder."""
    if not (folder / LOCK).exists():
        return False
    probe = _locked(folder, exclusive=False)
    if probe is None:
        return True
    os.close(probe)
    return False


def _locked(folder: Path, *, exclusive: bool) -> int | None:
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError:
        return None
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        else:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        # A sweep may have taken the folder away between opening and locking.
        if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
