"""Hosts whose nova comes from rpms: Debian's userspace below, dnf and an rpm database on top."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from builder.common.project import PROJECT
from builder.package import egginfo
from builder.source.obtain import obtain
from tests.hosts.lib import icehouse  # noqa: F401  registers the layer below rpm-icehouse
from tests.hosts.lib.kinds import SCRIPTS, script
from tests.hosts.lib.layers import register

HELPERS = {f'/usr/local/lib/{path.name}': path.read_text() for path in (
    SCRIPTS / 'rpm-system-base.py', SCRIPTS / 'rpm-stock.sh')}
PYTHON2 = {'/usr/local/lib/python2-names': (PROJECT / 'rpm/python2-names').read_text()}


def stock_nova(release: str) -> Callable[[Path], None]:
    """What puts an unpatched nova release into a host, for stock rpms to be made of."""
    def put(root: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            tree = obtain(release, Path(work))
            shutil.copytree(tree.path / 'nova', root / 'srv/nova/nova', ignore=shutil.ignore_patterns('tests'))
            shutil.copytree(tree.path / 'etc/nova', root / 'srv/nova/etc/nova')
            egginfo.ensure(tree, root / 'srv/nova')
    return put


register('rpm', base='stack', script=script('rpm'), files=HELPERS, prepare=stock_nova('26.3.0'),
         made_of=[egginfo.__file__])
register('rpm-icehouse-tools', base='icehouse', script=script('rpm-icehouse-tools'))
register('rpm-icehouse', base='rpm-icehouse-tools', script=script('rpm-icehouse'), files={**HELPERS, **PYTHON2},
         online=False, prepare=stock_nova('2014.1.5'), made_of=[egginfo.__file__])
