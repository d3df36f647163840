"""The check that is run before dnf or yum: one script, as a failing scriptlet in a swap would leave no nova at all."""

from __future__ import annotations

import os
from pathlib import Path

from builder.common.project import PROJECT
from builder.package import preflight

NAME = 'nova-cascading-preflight'


def text() -> str:
    """The whole script: a shell part that finds nova's Python, and builder/package/preflight.py's for it."""
    return (PROJECT / f'rpm/{NAME}.in').read_text(encoding='utf-8').replace('@PREFLIGHT@', preflight.text())


def write(to: Path, epoch: int) -> Path:
    """Put the script into the directory ``to`` and return its path; ``epoch`` is its time in seconds since 1970."""
    script = to / NAME
    script.write_text(text(), encoding='utf-8')
    script.chmod(0o755)
    os.utime(script, (epoch, epoch))
    return script
