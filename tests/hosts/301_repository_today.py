"""Bookworm and today's hosts (apt 3 with sqv, rpm 4.20 and 6, dnf 4 and dnf5) read what either of them has signed."""

import shutil
import subprocess

import pytest

from tests import repositories
from tests.hosts.lib import sid
from tests.hosts.lib.clients import KEYRING, URL, dnf, use_apt, use_dnf, version
from tests.hosts.lib.packages import PROJECT
from tests.repositories import EL7, UBUNTU, Publisher

TOOLS = {'trixie': ['dnf'], 'sid': ['dnf', 'dnf5']}


@pytest.fixture(scope='module')
def repo(tmp_path_factory):
    """Made on bookworm: one revision for old hosts, and packages for those of today."""
    top = tmp_path_factory.mktemp('today')
    with repositories.signer() as home:
        publisher = Publisher(top / 'repo', home)
        repositories.deb(top / '1', 1)
        repositories.rpms(top / '1', 1)
        publisher('publish', top / '1', '--url', URL)
        yield publisher


@pytest.fixture(scope='module', params=TOOLS)
def today(request, module_host, repo):
    """A host of today that serves itself what bookworm has signed."""
    host = sid.or_another(module_host, request.param, 'clients')
    host.put(repo.root, '/srv/repo')
    host.serve('/srv/repo')
    return host


@pytest.fixture(scope='module')
def published(today, repo, tmp_path_factory):
    """The same tree after today's host, with the same key, has published revision 2 into it."""
    top = tmp_path_factory.mktemp('published')
    repositories.deb(top / '2', 2)
    repositories.rpms(top / '2', 2)
    files = subprocess.run(['git', 'ls-files', '-z'], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for name in files.rstrip('\0').split('\0'):
        today.put(PROJECT / name, f'/srv/project/{name}')
    today.put(top / '2', '/srv/2')
    today.write('/root/secret.asc', repositories.gpg(repo.home, '--armor', '--export-secret-keys'), 0o600)
    today.run('gpg --batch -q --import /root/secret.asc; cp -a /srv/repo /srv/own;'
              ' /srv/project/build.sh publish --to /srv/own /srv/2 && /srv/project/build.sh verify --to /srv/own')
    return Publisher(shutil.copytree(today.path('/srv/own'), top / 'repo', symlinks=True), repo.home)


def test_apt_3_takes_what_bookworm_has_signed(today):
    use_apt(today, URL)
    today.run('command -v sqv && apt-get update && apt-get install -y python-nova-cascading')
    assert version(today) == UBUNTU.format(1)
    today.run(f'dpkg --purge python-nova-cascading; rm {KEYRING}')


def test_each_dnf_takes_what_bookworm_has_signed(today):
    for tool in TOOLS[today.suite]:
        use_dnf(today, URL, where='mirrorlist')
        today.run(dnf('install python-nova-cascading', tool))
        assert version(today) == f'2014.1.5-{EL7.format(1)}'
        today.run('rpm -e python-nova-cascading')


def test_bookworm_takes_what_a_host_of_today_has_signed(make_host, published):
    published('verify')
    client = make_host('bookworm', 'clients')
    client.put(published.root, '/srv/repo')
    client.serve('/srv/repo')
    use_apt(client, URL)
    client.run('apt-get update && apt-get install -y python-nova-cascading')
    assert version(client) == UBUNTU.format(2)
    client.run('dpkg --purge python-nova-cascading')
    use_dnf(client, URL, where='mirrorlist')
    client.run(dnf('install python-nova-cascading'))
    assert version(client) == f'2014.1.5-{EL7.format(2)}'


def test_bookworm_goes_on_where_a_host_of_today_has_published(published, tmp_path):
    published('publish', repositories.deb(tmp_path, 3), *repositories.rpms(tmp_path, 3))
    published('verify')


def test_keys_are_judged_there_as_here(today, published):
    """sqv and rpm's own judgement are on these hosts alone: the unit tests that ask them are skipped elsewhere."""
    done = today.run('cd /srv/project && python3 -m pytest -o addopts= -q -p no:cacheprovider -rs'
                     ' tests/unit/test_repository_keys.py')
    assert 'skipped' not in done.out, done.out
