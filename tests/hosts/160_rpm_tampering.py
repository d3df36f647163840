"""A package is refused by its own signature, even where a mirror without the key has made fitting metadata for it.

What else may be changed on the way (index, list, signatures) is in 310_repository_tampering.py.
"""

import pytest

from tests.hosts.lib.rpm_host import FORK, STOCK, URL, fork, novas, publish, put, use_repository

REPOSITORY = '/srv/repo/yum/zed-el9'
MIRROR = f'createrepo_c --quiet {REPOSITORY}; dnf -q clean all; dnf -y install python-nova-cascading'


@pytest.fixture(scope='module')
def source(module_host, tmp_path_factory):
    """A host that trusts the signer and reads from a mirror whose metadata it does not check."""
    host = module_host('bookworm', 'rpm')
    host.start_mariadb()
    publish(host, tmp_path_factory.mktemp('signer'), fork())
    use_repository(host)
    host.run(f"sed -i 's,^mirrorlist=.*,baseurl={URL}/yum/zed-el9,; s/^repo_gpgcheck=1/repo_gpgcheck=0/'"
             ' /etc/yum.repos.d/nova-cascading.repo')
    host.run('cp -a /srv/repo /srv/as-published')
    return host


@pytest.fixture
def host(source):
    source.run('rm -rf /srv/repo && cp -a /srv/as-published /srv/repo')
    return source


def package(host):
    [path] = host.path(f'{REPOSITORY}/packages').glob('python3-*.noarch.rpm')
    return path


@pytest.mark.parametrize('at', [8000, -1000], ids=['header', 'payload'])
def test_a_package_with_a_changed_byte_is_refused(host, at):
    content = bytearray(package(host).read_bytes())
    content[at] ^= 1
    package(host).write_bytes(bytes(content))
    assert host.run(MIRROR, check=False).status != 0
    assert novas(host) == STOCK


def test_a_package_without_a_signature_is_refused(host):
    host.run(f'rpmsign --delsign {REPOSITORY}/packages/python3-*.noarch.rpm')
    done = host.run(MIRROR, check=False)
    assert done.status != 0 and 'not signed' in done.out + done.err
    assert novas(host) == STOCK


def test_a_local_file_is_only_checked_where_localpkg_gpgcheck_says_so(host):
    """dnf's default, which docs/rpm.md tells to change."""
    path = put(host, fork())
    assert host.run(f'dnf -y install --setopt=localpkg_gpgcheck=1 {path}', check=False).status != 0
    assert novas(host) == STOCK
    host.run(f'dnf -y install {path}')
    assert novas(host) == FORK
    host.run('dnf -y history undo last')


def test_as_published_it_installs(host):
    host.run(MIRROR)
    assert novas(host) == FORK
