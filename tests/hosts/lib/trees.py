"""Trees of Icehouse on a host that has what they need to run (layer ``icehouse``), stock and forked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from builder.fork import making, quilt
from builder.package import egginfo
from builder.source import cache
from builder.source.obtain import obtain
from tests.hosts.lib.host import Host, Result

PYTHON = 'python2.7'
INSTALLED = '/usr/lib/python2.7/dist-packages'
NOVA_CONF = '''[DEFAULT]
log_file = /var/log/nova-manage.log
lock_path = /tmp
[database]
connection = mysql+pymysql://nova:nova@127.0.0.1/nova?charset=utf8
'''


def put(host: Host, version: str, work: Path, forked: bool) -> str:
    """Put a release's tree onto the host, and give its directory there.

    :param work: an empty directory.
    :param forked: apply the fork's patches, as whoever rebuilds the source package does: with patch(1), without fuzz.
    """
    if cache.release(version) is None:
        pytest.skip(f'SKIPPED: needs nova-{version}.tar.gz in the cache of sources')
    tree = obtain(version, work)
    place = f'/srv/{"fork" if forked else "stock"}-{version}'
    host.put(tree.path, place)
    metadata = egginfo.ensure(tree, work / 'metadata')
    host.put(metadata, f'{place}/{metadata.name}')
    for _, text in quilt.series(making.make(tree)) if forked else ():
        subprocess.run(['patch', '--silent', '-p1', '--fuzz=0', '--no-backup-if-mismatch'], cwd=host.path(place),
                       input=text.encode(), check=True)
    return place


def put_tests(host: Host, version: str, work: Path) -> None:
    """Put a release's own tests, and the files of the tree that they read, to the nova that the host has installed.

    :param work: an empty directory.
    """
    tree = obtain(version, work).path
    for part in ('nova/tests', 'nova/CA', 'etc', 'setup.cfg'):
        host.put(tree / part, f'{INSTALLED}/{part}')


def manage(host: Host, place: str, words: str, check: bool = True) -> Result:
    """Run nova-manage of a tree."""
    host.write('/etc/nova/nova.conf', NOVA_CONF)
    code = 'import sys; sys.argv[0] = "nova-manage"; from nova.cmd import manage; sys.exit(manage.main())'
    return host.run(f"cd {place} && {PYTHON} -c '{code}' --config-file /etc/nova/nova.conf {words}", check=check)
