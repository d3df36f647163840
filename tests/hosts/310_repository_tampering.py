"""What somebody changed on the way is refused by apt-get and dnf: a package, an index, a signature, time itself."""

import shutil
import time

import pytest

from tests import repositories
from tests.hosts.lib.clients import TRUSTY, YUM, dnf, use_apt, use_dnf, version
from tests.repositories import EL7, UBUNTU, Publisher

DAY = 86400
URL = 'http://127.0.0.1:8000'
DISTS = f'/srv/repo/dists/{TRUSTY}'
REPODATA = f'/srv/repo/yum/{YUM}/repodata'
UPDATE = 'apt-get -o APT::Update::Error-Mode=any update'
INSTALL = 'apt-get install -y python-nova-cascading'


@pytest.fixture(scope='module')
def states(tmp_path_factory):
    """The repository as it was with one revision, and as it is with two; and one that a stranger signed."""
    top = tmp_path_factory.mktemp('repository')
    with repositories.signer() as home, repositories.gnupg() as stranger:
        repo = Publisher(top / 'repo', home)
        publish(repo, top, 1)
        shutil.copytree(repo.root, top / 'before', symlinks=True)
        time.sleep(1)  # a Date of its own
        publish(repo, top, 2)
        theirs = Publisher(top / 'theirs', stranger)
        publish(theirs, top, 2)
        yield {'now': repo.root, 'before': top / 'before', 'theirs': theirs.root}


def publish(repo, top, revision):
    repositories.deb(top / str(revision), revision)
    repositories.rpms(top / str(revision), revision)
    repo('publish', top / str(revision), '--url', URL)


@pytest.fixture
def client(make_host, states):
    host = make_host('bookworm', 'clients')
    host.put(states['now'], '/srv/repo')
    host.serve('/srv/repo')
    use_apt(host, URL)
    use_dnf(host, URL)
    return host


def flip(host, path):
    """Change one byte in the middle of a file."""
    whole = host.path(path).read_bytes()
    at = len(whole) // 2
    host.path(path).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])


def drop_by_hash(host):
    """Leave only the plain names: what a client without by-hash meets."""
    for place in host.path(DISTS).rglob('by-hash'):
        shutil.rmtree(place)


def refused(host, line, *reasons):
    done = host.run(line, check=False)
    assert done.status != 0, done.out
    assert any(reason in done.out + done.err for reason in reasons), done.out + done.err
    assert version(host) == ''


def test_apt_refuses_a_changed_package(client):
    client.run(UPDATE)
    package = next(client.path('/srv/repo/pool').rglob('*cascading2_all.deb'))
    flip(client, f'/srv/repo/pool/{package.relative_to(client.path("/srv/repo/pool"))}')
    refused(client, INSTALL, 'Hash Sum mismatch')


def test_apt_refuses_a_changed_index(client):
    for path in client.path(DISTS).rglob('binary-amd64/**/*'):
        if path.is_file():
            flip(client, f'{DISTS}/{path.relative_to(client.path(DISTS))}')
    refused(client, UPDATE, 'Hash Sum mismatch', 'unexpected size')


@pytest.mark.parametrize('where', [0.3, 0.97], ids=['text', 'signature'])
def test_apt_refuses_a_changed_inrelease(client, where):
    place = client.path(f'{DISTS}/InRelease')
    whole = place.read_bytes()
    at = int(len(whole) * where)
    place.write_bytes(whole[:at] + (b'0' if whole[at:at + 1] != b'0' else b'1') + whole[at + 1:])
    refused(client, UPDATE, 'BADSIG', 'is not signed', 'NODATA', 'invalid')


def test_apt_refuses_a_changed_release_where_there_is_no_inrelease(client):
    client.path(f'{DISTS}/InRelease').unlink()
    flip(client, f'{DISTS}/Release')
    refused(client, UPDATE, 'BADSIG', 'is not signed')


def test_apt_refuses_a_repository_that_a_stranger_signed(client, states):
    shutil.rmtree(client.path('/srv/repo/dists'))
    client.put(states['theirs'] / 'dists', '/srv/repo/dists')
    refused(client, UPDATE, 'NO_PUBKEY', 'is not signed')


def test_apt_keeps_what_it_knows_when_older_indexes_are_replayed(client, states):
    client.run(UPDATE)
    shutil.rmtree(client.path('/srv/repo/dists'))
    client.put(states['before'] / 'dists', '/srv/repo/dists')
    client.run(f'touch -d tomorrow {DISTS}/*')  # or else the server says that nothing is newer, and sends nothing
    assert 'Get:1 ' in client.run(UPDATE).out
    assert f'Candidate: {UBUNTU.format(2)}' in client.run('apt-cache policy python-nova-cascading').out


def test_apt_refuses_indexes_after_their_valid_until(client, states):
    """The same, on a host that has seen nothing newer: from Valid-Until on the old indexes are worth nothing."""
    shutil.rmtree(client.path('/srv/repo/dists'))
    client.put(states['before'] / 'dists', '/srv/repo/dists')
    client.run(UPDATE)
    client.run('rm -rf /var/lib/apt/lists/*')
    # apt has no option for the time of day; a shorter validity is the same comparison.
    time.sleep(2)
    refused(client, f'{UPDATE} -o Acquire::Max-ValidTime=1', 'is expired')


def test_dnf_refuses_a_changed_package(client):
    client.run(dnf('makecache'))
    flip(client, f'/srv/repo/yum/{YUM}/packages/python-nova-cascading-2014.1.5-{EL7.format(2)}.noarch.rpm')
    refused(client, dnf('install python-nova-cascading'), 'checksum doesn\'t match', 'Error downloading packages')


def test_dnf_refuses_a_package_that_a_stranger_signed_even_with_matching_metadata(client, states):
    shutil.rmtree(client.path(f'/srv/repo/yum/{YUM}'))
    client.put(states['theirs'] / f'yum/{YUM}', f'/srv/repo/yum/{YUM}')
    client.run("sed -i 's/^repo_gpgcheck=1/repo_gpgcheck=0/' /etc/yum.repos.d/nova-cascading.repo")
    refused(client, dnf('install python-nova-cascading'), 'GPG check FAILED', 'not installed')


@pytest.mark.parametrize('name', ['repomd.xml', 'repomd.xml.asc'])
def test_dnf_refuses_changed_metadata_and_signatures(client, name):
    flip(client, f'{REPODATA}/{name}')
    refused(client, dnf('install python-nova-cascading'), 'GPG', 'signature')


def test_dnf_refuses_a_changed_primary(client):
    primary = next(path.name for path in client.path(REPODATA).glob('*primary.xml.gz')
                   if path.name in client.read(f'{REPODATA}/repomd.xml'))
    flip(client, f'{REPODATA}/{primary}')
    refused(client, dnf('install python-nova-cascading'), 'Failed to download metadata')


def test_dnf_refuses_metadata_without_a_signature(client):
    client.path(f'{REPODATA}/repomd.xml.asc').unlink()
    refused(client, dnf('install python-nova-cascading'), 'GPG', 'repomd.xml.asc')


def test_dnf_refuses_a_repository_that_a_stranger_signed(client, states):
    shutil.rmtree(client.path(f'/srv/repo/yum/{YUM}'))
    client.put(states['theirs'] / f'yum/{YUM}', f'/srv/repo/yum/{YUM}')
    refused(client, dnf('install python-nova-cascading'), 'GPG', 'signature')
