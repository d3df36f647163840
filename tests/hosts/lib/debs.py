"""What dpkg of a test host has installed, and a stack host that is ready for a swap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.hosts.lib import packages

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host

FORK = 'python3-nova-cascading'
STOCK = 'python3-nova'
DEB = ('--only', 'deb')
SUITES = ('bookworm', 'trixie', 'bullseye')


def everywhere(*values: object) -> Any:
    """Parameters of a test that only `./build.sh test everywhere` runs: nothing new is expected of them."""
    return pytest.param(*values, marks=pytest.mark.everywhere)


def on_bookworm(fixture: str) -> pytest.MarkDecorator:
    """For a test whose outcome the same code of ours decides on all suites, not their dpkg, apt, Python or nova.

    :param fixture: the one that has the suites as its parameters.
    """
    return pytest.mark.parametrize(fixture, ['bookworm', *map(everywhere, SUITES[1:])], indirect=True)


def once_on_each(fixture: str, name: str, value: str, *others: str) -> pytest.MarkDecorator:
    """For a test with a parameter whose first value is for all suites; the others are as in :func:`on_bookworm`."""
    rows = [*((suite, value) for suite in SUITES), *(('bookworm', other) for other in others),
            *(everywhere(suite, other) for suite in SUITES[1:] for other in others)]
    return pytest.mark.parametrize((fixture, name), rows, indirect=[fixture])


def installed(host: Host) -> dict[str, str]:
    """Package -> version of everything that is fully installed."""
    rows = host.run("dpkg-query -W -f '${db:Status-Abbrev}|${Package}|${Version}\\n'").out.splitlines()
    return {name: version for state, name, version in (row.split('|') for row in rows) if state.strip() == 'ii'}


def nova(host: Host) -> dict[str, str]:
    """The same, of nova's packages only."""
    return {name: version for name, version in installed(host).items() if 'nova' in name and 'novaclient' not in name}


def leave_uncompiled(host: Host) -> None:
    """Installations on this host make no bytecode: half of their time, for tests in which no service of nova runs.

    That bytecode is made, and is right, 010 sees on all suites.
    """
    host.run('ln -sf /bin/true /usr/bin/py3compile')


def compile_once(host: Host) -> None:
    """The first installation on this host makes bytecode; it stays, and is right, while the same fork comes again."""
    host.run('mv /usr/bin/py3compile /usr/bin/py3compile.real')
    host.write('/usr/bin/py3compile', '#!/bin/sh\nset -e\n/usr/bin/py3compile.real "$@"\n'
               'ln -sf /bin/true /usr/bin/py3compile\nln -sf /bin/true /usr/bin/py3clean\n', 0o755)


def offer_fork(host: Host, fork: Path) -> None:
    """Let apt of the host see its stock nova and the fork, and nothing else."""
    host.offer([*packages.stock_debs(host.suite).values(), packages.library(fork)])


def back(host: Host) -> str:
    """The command that puts the stock library back; its bare name is no order for that."""
    return f'apt-get install -y {STOCK}={packages.field(packages.stock_debs(host.suite)[STOCK], "Version")}'


def planned(host: Host, command: str) -> set[str]:
    """The packages that an apt command would install or upgrade."""
    return {line.split()[1] for line in host.run(f'{command} -s').out.splitlines() if line.startswith('Inst ')}


def has_column(host: Host, database: str = 'nova', table: str = 'instances') -> bool:
    """Whether the table has its mapping_uuid."""
    return bool(host.sql(f"SHOW COLUMNS FROM {table} LIKE 'mapping_uuid'", database))


def configure_killed(host: Host, step: str) -> None:
    """Configure what is unpacked, and have the fork's postinst killed at a step (a name of nova.cascading.faults)."""
    done = host.run('dpkg --configure -a', env={'NOVA_CASCADING_FAULT': step}, check=False)
    assert done.status != 0, f'there is no step {step}'
