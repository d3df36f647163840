"""A control group for each test host, so that a systemd in it finds a cgroup2 tree of its own."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path


def make(name: str) -> Path | None:
    """Create group *name* in this machine's cgroup2 hierarchy; None where there is none to be written."""
    mounts = [line.split() for line in Path('/proc/mounts').read_text().splitlines()]
    for _, place, kind, *_ in mounts:
        group = Path(place, name)
        with contextlib.suppress(OSError):
            if kind == 'cgroup2':
                group.mkdir(exist_ok=True)
                return group
    return None


def join(group: Path | None) -> None:
    """Put the calling process into *group*."""
    if group is not None:
        (group / 'cgroup.procs').write_text(str(os.getpid()))


def remove(group: Path | None) -> None:
    """Remove *group* and the groups below, whose processes have been killed."""
    for _ in range(100):
        if group is None or not group.exists():
            return
        for path, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                Path(path).rmdir()
        time.sleep(0.02)
