"""Hosts that use a repository of ours: bare Debian with apt and dnf, and the tools that mirror either kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import repositories
from tests.hosts.lib.host import Host
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register
from tests.repositories import EL7, UBUNTU, Publisher

register('clients', base='base', script=script('clients'))

TRUSTY, YUM = 'icehouse-trusty', 'icehouse-el7'
URL = 'http://127.0.0.1:8000'
DEB, RPM = UBUNTU.format(2), f'2014.1.5-{EL7.format(2)}'  # the later of two_revisions()
KEYRING = '/usr/share/keyrings/nova-cascading-archive-keyring.gpg'


@contextmanager
def two_revisions(top: Path) -> Iterator[Publisher]:
    """A repository, below *top*, of two revisions for apt and dnf, that is served at URL of a host."""
    with repositories.signer() as home:
        publisher = Publisher(top / 'repo', home)
        for revision in (1, 2):
            repositories.deb(top / str(revision), revision)
            repositories.rpms(top / str(revision), revision)
            repositories.source(top / str(revision), revision)
            publisher('publish', top / str(revision), '--url', URL)
        yield publisher


def use_apt(host: Host, url: str, suite: str = TRUSTY, *, key: str = '/srv/repo/nova-cascading.gpg') -> None:
    """Make the repository the one source of the host's apt, as index.html says."""
    host.run(f'install -D -m 644 {key} {KEYRING}; rm -rf /var/lib/apt/lists/*; install -d /var/lib/apt/lists/partial')
    # A test machine's own configuration may have these off.
    host.write('/etc/apt/apt.conf.d/zz-check', 'Acquire::Check-Valid-Until "true";\nAcquire::Check-Date "true";\n')
    host.write('/etc/apt/sources.list.d/nova-cascading.list', f'deb [signed-by={KEYRING}] {url} {suite} main\n')


def use_dnf(host: Host, url: str, suite: str = YUM, *, where: str = 'baseurl', at: str | None = None) -> None:
    """Make the repository the one source of the host's dnf.

    :param where: ``baseurl`` or ``mirrorlist``.
    :param at: the address that goes there, when it is not the suite's.
    """
    address = at or f'{url}/yum/{suite}' + ('/mirrorlist' if where == 'mirrorlist' else '')
    host.run('rm -rf /etc/yum.repos.d/* /var/cache/dnf; rpm --import /srv/repo/nova-cascading.asc')
    host.write('/etc/yum.repos.d/nova-cascading.repo',
               f'[nova-cascading]\nname=nova-cascading\n{where}={address}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=1\n'
               'gpgkey=file:///srv/repo/nova-cascading.asc\nmetadata_expire=1\n')


def dnf(words: str, tool: str = 'dnf') -> str:
    return f'{tool} -y --releasever 7 {words}'


def version(host: Host) -> str:
    """Of the package that apt or dnf installed; '' when there is none."""
    done = host.run('dpkg-query -W -f "\\${Version}" python-nova-cascading || rpm -q --qf "%{VERSION}-%{RELEASE}" '
                    'python-nova-cascading', check=False)
    return done.out.strip() if done.status == 0 else ''
