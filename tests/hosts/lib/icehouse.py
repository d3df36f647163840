"""Hosts on which Icehouse is installed: Debian 11 with the runtime and stock packages that ./build.sh makes."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

from builder import runtime, stockset
from builder.source import cache
from tests.hosts.lib.host import Host
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register
from tests.hosts.lib.services import wait_for

PROJECT = Path(__file__).resolve().parents[3]
SUITE = 'bullseye'
RELEASES = ('2014.1.2', '2014.1.5')
SERVICES = ('nova-api', 'nova-conductor', 'nova-scheduler', 'nova-compute')
DEBS = 'srv/stock'


def made_by(command: str, release: str) -> Callable[[Path], None]:
    """What puts the packages of `./build.sh COMMAND RELEASE` into a host."""
    def put(root: Path) -> None:
        words = [PROJECT / 'build.sh', command, release, '--to', root / DEBS]
        subprocess.run(words, check=True, capture_output=True, text=True)
    return put


def at_hand(release: str) -> bool:
    """Whether the sources of a release, which no package index has, lie on this machine."""
    return cache.release(release) is not None


def recipe(directory: Path) -> str:
    """A line that changes whenever the packages do, so that kept templates are made anew."""
    whole = b''.join(path.read_bytes() for path in sorted(directory.rglob('*')) if path.is_file())
    return f'# made from {hashlib.sha256(whole).hexdigest()}\n'


register('icehouse', base='base', prepare=made_by('runtime', 'icehouse'),
         script=recipe(runtime.RECIPES['icehouse']) + script('icehouse'))
for version in RELEASES:
    register(f'icehouse-{version}', base='icehouse', prepare=made_by('stock', version),
             script=recipe(stockset.RECIPE) + script('icehouse-stock'))


def start(host: Host) -> None:
    """Start the control plane of a booted host; returns when every service reports in."""
    host.run(f'systemctl start {" ".join(SERVICES)}')
    wait_for_services(host)


def wait_for_services(host: Host, count: int = len(SERVICES) - 1, seconds: float = 60) -> None:
    """Wait until nova-manage shows *count* services with a smile (nova-api does not report itself)."""
    wait_for(host, f'test $(nova-manage service list 2>/dev/null | grep -c ":-)") -ge {count}', seconds)
