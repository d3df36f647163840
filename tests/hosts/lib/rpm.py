"""Hosts whose nova comes from rpms: Debian's userspace below, dnf and an rpm database on top."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from builder import egginfo, source
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register

PROJECT = Path(__file__).resolve().parents[3]
HELPERS = {f'/usr/local/lib/{name}': Path(__file__).with_name('layers.d').joinpath(name).read_text()
           for name in ('rpm-system-base.py', 'rpm-stock.sh')}


def stock_nova(release: str):
    """What puts an unpatched nova release into a host, for stock rpms to be made of."""
    def put(root: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            tree = source.obtain(release, Path(work) / 'source')
            shutil.copytree(tree.path / 'nova', root / 'srv/nova/nova', ignore=shutil.ignore_patterns('tests'))
            egginfo.ensure(tree, root / 'srv/nova')
    return put


register('rpm', base='stack', script=script('rpm'), files=HELPERS, prepare=stock_nova('26.3.0'))
