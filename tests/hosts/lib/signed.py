"""A host whose apt reads our signed repository, and nothing else, as the repository's page says."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.hosts.lib import clients

if TYPE_CHECKING:
    from tests.hosts.lib.host import Host
    from tests.repositories import Publisher

URL = 'http://127.0.0.1:8000'
PLACE = '/srv/repo'


def subscribe(host: Host, repository: Publisher, suite: str) -> None:
    """Serve the repository on the host's loopback, and take the first step of its page.

    :param repository: one whose packages say URL.
    """
    host.put(repository.root, PLACE)
    host.serve(PLACE)
    host.run('rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* /var/cache/apt/archives/*.deb')
    clients.use_apt(host, URL, suite)
    host.run('apt-get update && apt-get install -y nova-cascading-archive-keyring')


def refresh(host: Host, repository: Publisher) -> None:
    """Let a host that has subscribed see what was published since."""
    shutil.rmtree(host.path(PLACE))
    host.put(repository.root, PLACE)
    host.run('apt-get update')
