"""An apt repository inside a test host, over HTTP on its loopback."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hosts.lib import packages, services

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host

PLACE = '/srv/apt'


def offer(host: Host, debs: Iterable[Path], port: int = 8000, beside: bool = False) -> None:
    """Replace what the repository holds by *debs* and let apt read it; the first call starts the server."""
    put(host, debs, PLACE)
    # What the layers below downloaded must not stand in for the repository.
    others = '' if beside else '/etc/apt/sources.list /etc/apt/sources.list.d/*'
    # Nor the index of before: it was taken for the new one, twice in some thousand times.
    host.run(f'rm -f {others} /var/cache/apt/archives/*.deb /var/lib/apt/lists/127.0.0.1:{port}_*')
    host.write('/etc/apt/sources.list.d/test.list', f'deb [trusted=yes] http://127.0.0.1:{port} ./\n')
    if host.run(f'curl -sf http://127.0.0.1:{port}/Packages >/dev/null', check=False).status != 0:
        services.serve(host, PLACE, port)
    # Without the first, an index that could not be fetched leaves the old one, and success.
    host.run('apt-get -o APT::Update::Error-Mode=any -o Acquire::Retries=3 update')


def put(host: Host, debs: Iterable[Path], place: str) -> None:
    """Make a directory of the host a flat repository of these packages, which apt's own user can read."""
    shutil.rmtree(host.path(place), ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        for deb in debs:
            shutil.copy(deb, work)
        packages.index(Path(work))
        host.put(work, place)
    host.path(place).chmod(0o755)
