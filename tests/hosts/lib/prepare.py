"""Builds the layers of test hosts and the packages that most tests need, side by side.

Usage: python3 -m tests.hosts.lib.prepare first|all|icehouse. What is there already is left alone; tests that need a
layer whose build failed tell it again.
"""

from __future__ import annotations

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.hosts.lib import (
    bed,
    clients,
    debs,
    deployed,
    disks,
    fleet,
    icehouse,
    kinds,
    packages,
    rpm,
    sysvinit,
    templates,
    unpackaged,
    verdicts,
    virtualenv,
)
from tests.hosts.lib.errors import HostError

# Each registers its layers.
AREAS = (bed, clients, deployed, fleet, icehouse, kinds, rpm, sysvinit, unpackaged, verdicts, virtualenv)
FIRST = [('bookworm', 'rpm')]
# The longest way first.
REST = [('bullseye', 'pip-15.1.5'), *((nova.suite, layer) for nova, layer in virtualenv.NOVAS.values()),
        *((nova.suite, nova.layer) for nova in deployed.ALL.values()),
        ('bullseye', 'stack'), ('trixie', 'stack'), ('bullseye', 'sqlalchemies27'), ('bookworm', 'sqlalchemies'),
        ('bookworm', 'clients'), ('trixie', 'clients'), ('sid', 'clients'), ('bookworm', 'fleet'),
        ('bookworm', 'fleet-rpm'), ('bookworm', 'sysvinit'), ('bookworm', 'ansible'), ('bookworm', 'poolers'),
        ('bookworm', 'upgraders'), ('bookworm', 'next-release'), ('bullseye', 'next-release'),
        ('bullseye', 'databases'), ('trixie', 'databases'), ('sid', 'mysql')]
ICEHOUSE = ['icehouse-2014.1.2', 'icehouse-2014.1.5', 'rpm-icehouse',
            'tarball-2014.1', 'tarball-2014.1.2', 'tarball-2014.1.5']


def wanted(size: str) -> list[tuple[str, str]]:
    """Suite and name of the topmost layers that a size of test needs."""
    if size == 'first':
        return FIRST
    if size == 'icehouse':
        return [(icehouse.SUITE, name) for name in ICEHOUSE if icehouse.at_hand('2014.1.5')]
    return [*FIRST, *REST]


def make(top: tuple[str, str]) -> str:
    """Build one layer with all below; returns what went wrong, or ''."""
    suite, name = top
    try:
        templates.directories(suite, name)
        if name in ('stack', 'rpm'):
            packages.fork_of(suite, 1, *debs.DEB)
    except (HostError, OSError) as error:
        return f'{suite}-{name}: {error}'
    return ''


def main(size: str) -> int:
    start = time.monotonic()
    tops = wanted(size)
    scratch = disks.scratch()
    with ThreadPoolExecutor(max(len(tops), 1)) as pool:
        failures = [said for said in pool.map(make, tops) if said]
    if scratch:
        shutil.rmtree(scratch, ignore_errors=True)
    print(*failures, f'layers of test hosts: {time.monotonic() - start:.1f} s', sep='\n', file=sys.stderr)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
