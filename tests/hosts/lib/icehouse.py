"""Hosts on which Icehouse is installed: Debian 11 with the runtime and stock packages that ./build.sh makes."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from builder.package import egginfo, recipe, runtime, stockset
from builder.source import cache
from tests.hosts.lib import packages, signed, templates
from tests.hosts.lib.cloud import Cloud
from tests.hosts.lib.host import Host
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register
from tests.hosts.lib.services import wait_for, wait_for_conductor
from tests.repositories import Publisher

SUITE = 'bullseye'
OURS = f'icehouse-{SUITE}'
RELEASES = ('2014.1.2', '2014.1.5')
SERVICES = ('nova-api', 'nova-conductor', 'nova-scheduler', 'nova-compute')
DEBS = 'srv/stock'
PYTHON = 'python2.7'
NEUTRON = '''[DEFAULT]
network_api_class = nova.network.neutronv2.api.API
neutron_url = {url}
neutron_auth_strategy = noauth
'''


def made_by(command: str, release: str) -> Callable[[Path], None]:
    """What puts the packages of `./build.sh COMMAND RELEASE` into a host."""
    def put(root: Path) -> None:
        words = [PROJECT / 'build.sh', command, release, '--to', root / DEBS]
        subprocess.run(words, check=True, capture_output=True, text=True)
    return put


def at_hand(release: str) -> bool:
    """Whether the sources of a release, which no package index has, lie on this machine."""
    return cache.release(release) is not None


def require(*releases: str) -> None:
    """Skip the test unless the sources of these releases are at hand."""
    for release in releases:
        if not at_hand(release):
            pytest.skip(f'SKIPPED: needs nova-{release}.tar.gz in the cache of sources; no package index has it')


def made_from(name: str) -> str:
    """A line that changes whenever the packages do, so that kept templates are made anew."""
    whole = b''.join(path.read_bytes() for path in sorted((recipe.RECIPES / name).rglob('*')) if path.is_file())
    return f'# made from {hashlib.sha256(whole).hexdigest()}\n'


register('icehouse', base='servers', prepare=made_by('runtime', 'icehouse'), made_of=[runtime.__file__],
         script=made_from(runtime.RECIPES['icehouse']) + script('icehouse'))
for version in RELEASES:
    # Without the network: both start a server on one port.
    register(f'icehouse-{version}', base='icehouse', online=False, prepare=made_by('stock', version),
             made_of=[stockset.__file__, egginfo.__file__],
             script=made_from(stockset.RECIPE) + script('icehouse-stock'))


def start(host: Host) -> None:
    """Start the control plane of a booted host; returns when every service reports in."""
    host.run(f'systemctl start {" ".join(SERVICES)}')
    wait_for_services(host)


def wait_for_services(host: Host, count: int = len(SERVICES) - 1) -> None:
    """Wait until nova-manage shows *count* services with a smile (nova-api does not report itself)."""
    wait_for(host, f'test $(nova-manage service list 2>/dev/null | grep -c ":-)") -ge {count}')


def stock_debs(release: str) -> list[Path]:
    """The stock packages of a release, as its hosts have them installed."""
    return sorted((templates.directories(SUITE, f'icehouse-{release}')[-1] / DEBS).glob('*.deb'))


def library(release: str) -> Path:
    """The stock library package, which the fork is made of."""
    return next(deb for deb in stock_debs(release) if deb.name.startswith('python-nova_'))


def publish(repository: Publisher, release: str, fork_of: Callable[..., Path], revision: int = 1) -> None:
    """Put a release's stock packages and the fork of them into our signed repository."""
    fork = fork_of(library(release), revision, '--only', 'deb')
    repository('publish', packages.library(fork), *stock_debs(release), '--suite', OURS, '--url', signed.URL)


def cloud(host: Host) -> Cloud:
    """The host as a proxy and an operator see it; both need no database on it."""
    def restart() -> None:
        host.run('systemctl restart nova-conductor mariadb')
        wait_for_conductor(host)
    return Cloud(host, restart, PYTHON, neutron=NEUTRON)
