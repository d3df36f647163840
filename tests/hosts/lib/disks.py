"""Where the disks of test hosts and the tests' own files are: in memory, where there is plenty.

ext4 does not take an inode again for five seconds after it was freed, and looks for another one by one: of a run's
processor time, 7 % were spent on that.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from builder.common import workplace

MEMORY = Path('/dev/shm')
DISK = Path('/var/tmp')
# Bytes. A host writes 0.2 GB, a fleet 2 GB; a few are alive at once.
PLENTY = 8 << 30
LIMITS = (Path('/sys/fs/cgroup/memory.max'), Path('/sys/fs/cgroup/memory/memory.limit_in_bytes'))
PREFIX = 'nova-host-'
# Of the tests' own files, which are to look like nobody's nova.
SCRATCH = 'cascading-'
# The file that a disk has which outlives its host.
KEPT = 'layers'


def place() -> Path:
    """The directory for the next host's disk."""
    return MEMORY if available() >= PLENTY and keeps_attributes() else DISK


def new(beside: Path | None = None) -> Path:
    """A directory for a host; its name tells :func:`sweep` whose it is.

    :param beside: a directory on whose file system it has to be
    """
    return Path(tempfile.mkdtemp(prefix=f'{PREFIX}{os.getpid()}-', dir=beside or place()))


def scratch() -> Path | None:
    """Let this process, and all that it starts, have its temporary files in memory.

    :returns: the directory, which is the caller's to remove; None where TMPDIR is somebody's choice, memory is scarce,
        or no program may be run there
    """
    if os.environ.get('TMPDIR', '/tmp') != '/tmp' or place() != MEMORY or workplace.problem(str(MEMORY)):
        return None
    made = Path(tempfile.mkdtemp(prefix=f'{SCRATCH}{os.getpid()}-', dir=MEMORY))
    made.chmod(0o1777)  # tests run commands as other users
    os.environ['TMPDIR'], tempfile.tempdir = str(made), None
    return made


def sweep(*beside: Path) -> None:
    """Remove what runs that were killed have left; what was kept on purpose stays.

    :param beside: the directories given to :func:`new`
    """
    disks = [found for top in (MEMORY, DISK, *beside) for found in top.glob(f'{PREFIX}*-*')]
    for made in [*disks, *MEMORY.glob(f'{SCRATCH}*-*')]:
        if not Path('/proc', made.name.split('-')[-2]).exists() and not (made / KEPT).exists():
            shutil.rmtree(made, ignore_errors=True)


def available() -> int:
    """Bytes that can be written to memory without anything else having to go."""
    try:
        rows = dict(line.split(':', 1) for line in Path('/proc/meminfo').read_text().splitlines())
        return min(int(rows['MemAvailable'].split()[0]) << 10, shutil.disk_usage(MEMORY).free, *limits())
    except (OSError, KeyError):
        return 0


def limits() -> Iterator[int]:
    """What a container may take, in bytes: /proc/meminfo is the whole machine's."""
    for path in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # none, or "max"
            yield int(path.read_text())


def keeps_attributes() -> bool:
    """Whether files in memory can have the attributes of a disk's; before Linux 6.6 they could not."""
    try:
        with tempfile.NamedTemporaryFile(prefix=PREFIX, dir=MEMORY) as file:
            os.setxattr(file.name, 'user.nova-host', b'')
    except OSError:
        return False
    return True
