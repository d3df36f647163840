"""What somebody changed on the way to the host is refused, and stock nova stays."""

import pytest

from tests.hosts.lib.rpm_host import FORK, STOCK, fork, novas, publish, put, use_repository

REPOSITORY = '/srv/repo/yum/zed-el9'
INSTALL = 'dnf -q clean all; dnf -y install python-nova-cascading'
# Offers a package as a mirror could that has no key: with metadata of its own, which nobody signed.
MIRROR = f'createrepo_c --quiet {REPOSITORY}; {INSTALL} --setopt=nova-cascading.repo_gpgcheck=0'


@pytest.fixture(scope='module')
def source(module_host, tmp_path_factory):
    host = module_host('bookworm', 'rpm')
    host.start_mariadb()
    publish(host, tmp_path_factory.mktemp('signer'), fork())
    use_repository(host)
    host.run('cp -a /srv/repo /srv/as-published')
    return host


@pytest.fixture
def host(source):
    source.run('rm -rf /srv/repo && cp -a /srv/as-published /srv/repo')
    return source


def flip(host, pattern, at):
    """Change one byte of a file of the repository; a negative place counts from the end."""
    [path] = host.path(REPOSITORY).glob(pattern)
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(('what', 'at', 'command'), [
    ('packages/python3-*.noarch.rpm', -1000, INSTALL),
    ('packages/python3-*.noarch.rpm', -1000, MIRROR),
    ('packages/python3-*.noarch.rpm', 8000, MIRROR),
    ('repodata/repomd.xml', 200, INSTALL),
    ('repodata/*-primary.xml.gz', 200, INSTALL),
], ids=['payload', 'payload, own metadata', 'header, own metadata', 'index', 'list of packages'])
def test_a_changed_byte_is_refused(host, what, at, command):
    flip(host, what, at)
    assert host.run(command, check=False).status != 0
    assert novas(host) == STOCK


def test_an_index_without_a_signature_is_refused(host):
    host.run(f'rm {REPOSITORY}/repodata/repomd.xml.asc')
    assert host.run(INSTALL, check=False).status != 0
    assert novas(host) == STOCK


def test_a_package_without_a_signature_is_refused(host):
    host.run(f'rpmsign --delsign {REPOSITORY}/packages/python3-*.noarch.rpm')
    done = host.run(MIRROR, check=False)
    assert done.status != 0 and 'not signed' in done.out + done.err
    assert novas(host) == STOCK


def test_a_repository_signed_by_somebody_else_is_refused(host, tmp_path):
    host.run('rm -r /srv/repo')
    publish(host, tmp_path, fork())
    assert host.run(INSTALL, check=False).status != 0
    assert host.run(f'{INSTALL} --setopt=nova-cascading.repo_gpgcheck=0', check=False).status != 0
    assert novas(host) == STOCK


def test_a_local_file_is_only_checked_where_localpkg_gpgcheck_says_so(host):
    """dnf's default: documented for those who install a downloaded rpm."""
    path = put(host, fork())
    assert host.run(f'dnf -y install --setopt=localpkg_gpgcheck=1 {path}', check=False).status != 0
    assert novas(host) == STOCK
    host.run(f'dnf -y install {path}')
    assert novas(host) == FORK
    host.run('dnf -y history undo last')


def test_as_published_it_installs(host):
    host.run(INSTALL)
    assert novas(host) == FORK
