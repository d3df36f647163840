"""What to type on a host in order to install an rpm file."""

from __future__ import annotations

import shlex
from pathlib import Path

from builder.package.rpm import preflight, readable

# EL6 and EL7, where nova is for Python 2, have yum 3; every later release has dnf.
TOOLS = {'python-nova-cascading': 'yum localinstall', 'python3-nova-cascading': 'dnf install'}


def install(rpms: list[Path]) -> list[str]:
    """
    :param rpms: binary packages of the fork, each with the preflight script beside it.
    :returns: lines for a shell; remarks begin with #.
    """
    return [line for rpm in rpms for line in (*cannot(rpm), command(rpm))]


def command(rpm: Path) -> str:
    tool = TOOLS[readable.query(rpm, '%{NAME}')[0]]
    return f'{asked(rpm)} && {tool} {shlex.quote(str(rpm))}'


def asked(rpm: Path) -> str:
    return shlex.quote(str(rpm.with_name(preflight.NAME).absolute()))


def cannot(rpm: Path) -> list[str]:
    """EL6's own SQLAlchemy is too old: RDO's nova loads one that stands beside it, upstream's does not."""
    wanted = readable.query(rpm, '[%{REQUIRENAME} %{REQUIREVERSION}\n]')
    if 'python(abi) 2.6' not in wanted or not any(line.split()[0] == 'python-sqlalchemy' for line in wanted):
        return []
    return ['# This nova does not run on EL6, whose SQLAlchemy is 0.5: RDO has changed its own to load a newer one.',
            '# Build from that: ./build.sh python-nova-2014.1.5-….el6.noarch.rpm']
