"""What the rpm tests ask of a host, in the words of their contracts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.hosts.lib import icehouse, packages, rpm  # noqa: F401  rpm registers the layers
from tests.hosts.lib.host import Host

SERVICES = {'openstack-nova-common', 'openstack-nova-api', 'openstack-nova-conductor', 'openstack-nova-scheduler'}
STOCK = SERVICES | {'python3-nova'}
FORK = SERVICES | {'python3-nova-cascading'}
BOTH_TABLES = {'instances', 'shadow_instances'}
SITE = '/usr/lib/python3.11/site-packages'
ICEHOUSE = pytest.mark.skipif(not icehouse.at_hand('2014.1.5'), reason='SKIPPED: needs the sources of nova 2014.1.5')
PROBE = Path(__file__).with_name('inside') / 'probe.py'
URL = 'http://127.0.0.1:8000'
INSTANCE = '11111111-2222-3333-4444-555555555555'
MAPPING = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee'


def fork(source: str | Path = '26.3.0', revision: int = 1, stock: str = '') -> Path:
    """The fork's noarch rpm, built by ./build.sh; its source rpm lies beside it.

    :param stock: the stock version to stand in for, when it is not the release's usual one.
    """
    options = ['--stock-version', stock] if stock else []
    return next(packages.fork_of(source, revision, '--only', 'rpm', *options).glob('python*.noarch.rpm'))


def put(host: Host, package: Path) -> str:
    """Copy an rpm to the host; returns its path there."""
    host.put(package, f'/root/{package.name}')
    return f'/root/{package.name}'


def offer(host: Host, *rpms: Path) -> None:
    """A yum repository of the fork in the host, unsigned, with the priority of the real one."""
    for path in rpms:
        host.put(path, f'/srv/fork/{path.name}')
    host.run('createrepo_c --quiet /srv/fork; dnf -q clean all')
    host.write('/etc/yum.repos.d/fork.repo',
               '[fork]\nname=fork\nbaseurl=file:///srv/fork\ngpgcheck=0\npriority=200\n')


def publish(host: Host, work: Path, *rpms: Path) -> None:
    """Put rpms into a signed repository, in /srv/repo of the host.

    :param work: directory of this machine for the signer's key and the repository.
    """
    (work / 'gnupg').mkdir(mode=0o700, exist_ok=True)
    words = [packages.PROJECT / 'build.sh', 'publish', '--to', work / 'repo', '--url', URL, '--suite', 'zed-el9']
    done = subprocess.run([*words, *rpms], capture_output=True, text=True,
                          env={'GNUPGHOME': str(work / 'gnupg'), 'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})
    assert done.returncode == 0, done.stdout + done.stderr
    host.put(work / 'repo', '/srv/repo')


def use_repository(host: Host) -> None:
    """Serve /srv/repo over HTTP and do what its page tells: the key, then the release package."""
    host.serve('/srv/repo', 8000)
    [release] = host.path('/srv/repo/yum/zed-el9/packages').glob('nova-cascading-release-*.rpm')
    host.run(f'rpm --import {URL}/nova-cascading.asc')
    host.run(f'dnf -y install {URL}/yum/zed-el9/packages/{release.name}')


def novas(host: Host) -> set[str]:
    """The names of the nova packages in the rpm database."""
    return {name for name in host.run("rpm -qa --qf '%{NAME}\\n'").out.split()
            if name.startswith(('python3-nova', 'python-nova', 'openstack-nova'))}


def evr(host: Host, package: str) -> str:
    return host.run(f"rpm -q --qf '%{{EVR}}' {package}").out


def is_consistent(host: Host) -> bool:
    """The rpm database holds no duplicate and no broken dependency, and every file is as its package says."""
    host.run('dnf -q check')
    changed = host.run(f'rpm -V {" ".join(novas(host))}', check=False)
    assert changed.out == '', changed.out
    return True


def tables_with_mapping(host: Host) -> set[str]:
    """The tables of nova's database that have the column."""
    rows = host.sql("SELECT table_name FROM information_schema.columns WHERE table_schema = 'nova' "
                    "AND column_name = 'mapping_uuid'")
    return {table for table, in rows}


def only_rows(host: Host) -> None:
    """nova's database user may change rows from now on, but no table.

    At no moment may it do less: a conductor that finds the database closed while it starts ends by itself.
    """
    host.sql('REVOKE CREATE, ALTER, DROP, INDEX ON nova.* FROM nova@localhost')


def map_an_instance(host: Host) -> None:
    """One instance row that has a mapping."""
    host.sql("INSERT INTO instances (uuid, project_id, deleted, mapping_uuid) "
             f"VALUES ('{INSTANCE}', 'p', 0, '{MAPPING}')")


def mapping(host: Host) -> str | None:
    [(value,)] = host.sql(f"SELECT mapping_uuid FROM instances WHERE uuid = '{INSTANCE}'")
    return value
