"""apt-get and dnf install from the repository, over HTTP and from a copy on a file: path."""

import html
import json
import re
import shlex
import shutil

import pytest

from tests import repositories
from tests.hosts.lib.clients import DEB, KEYRING, RPM, TRUSTY, URL, YUM, dnf, two_revisions, use_apt, use_dnf, version
from tests.repositories import EL7, UBUNTU

ZED = '2:26.2.2-1~deb12u3+cascading1'


@pytest.fixture(scope='module')
def repo(tmp_path_factory):
    """A repository of two revisions that is served at URL of a host."""
    top = tmp_path_factory.mktemp('repository')
    with two_revisions(top) as publisher:
        publisher('publish', repositories.any_deb(top / 'zed', 'python-nova-cascading', ZED))
        yield publisher


@pytest.fixture
def client(make_host, repo):
    host = make_host('bookworm', 'clients')
    host.put(repo.root, '/srv/repo')
    host.serve('/srv/repo')
    return host


def test_apt_installs_and_goes_back_over_http(client):
    use_apt(client, URL)
    client.run('apt-get update && apt-get install -y python-nova-cascading nova-cascading-archive-keyring')
    assert version(client) == DEB
    client.run(f'apt-get install -y --allow-downgrades python-nova-cascading={UBUNTU.format(1)}')
    assert version(client) == UBUNTU.format(1)


def test_apt_of_2014_finds_its_way(client):
    """No by-hash, no signed-by: the key in trusted.gpg.d, an index of the foreign i386, SHA256 alone."""
    client.run('dpkg --add-architecture i386; rm -rf /var/lib/apt/lists/*')
    client.run('install -m 644 /srv/repo/nova-cascading.gpg /etc/apt/trusted.gpg.d/nova-cascading.gpg')
    client.write('/etc/apt/sources.list.d/old.list', f'deb {URL} {TRUSTY} main\ndeb-src {URL} {TRUSTY} main\n')
    done = client.run('apt-get -o Acquire::By-Hash=no -o Acquire::CompressionTypes::Order=gz update')
    assert 'W:' not in done.err + done.out
    client.run('apt-get install -y python-nova-cascading && apt-get source --download-only python-nova-cascading')
    assert version(client) == DEB
    assert 'by-hash' not in client.read('/var/log/python3.test.log')


def test_apt_source_packages_are_there(client):
    use_apt(client, URL)
    client.run(f"sed -i 's/^deb /deb-src /' /etc/apt/sources.list.d/nova-cascading.list && apt-get update"
               f' && cd /tmp && apt-get source --download-only python-nova-cascading={DEB}')
    assert client.run('ls /tmp/*.dsc').out


def commands(client, suite):
    """What index.html tells a host of this suite to type."""
    page = client.read('/srv/repo/index.html')
    section = page.split(f'<h2 id="{suite}">')[1].split('<h2')[0]
    return '\n'.join(html.unescape(text) for text in re.findall('<pre>(.*?)</pre>', section, re.S))


def follow(client, suite):
    """Do what the page tells, under a strict umask."""
    client.run('set -e; umask 077; ' + commands(client, suite).replace('apt-get install', 'apt-get -y install'))


def test_apt_uses_the_commands_of_the_page(client):
    follow(client, 'zed-bookworm')
    assert version(client) == ZED


def test_apt_of_2014_does_so_too_and_follows_a_rotation_of_the_keys(client, repo, tmp_path):
    follow(client, TRUSTY)
    assert version(client) == DEB
    changed = repo.copy(tmp_path / 'repo')
    keys = ['--key', json.loads((changed.root / 'state.json').read_text())['keys'][0],
            '--key', repositories.make_key(changed.home, 'next key')]
    for signing in (keys, keys[2:]):
        changed('publish', '--refresh', *signing)
        serve(client, changed)
        client.run('apt-get -o APT::Update::Error-Mode=any update')
        client.run('apt-get install -y --only-upgrade nova-cascading-archive-keyring')


def test_the_keyring_package_is_the_key_that_apt_uses(client):
    use_apt(client, URL)
    client.run('apt-get update && apt-get install -y nova-cascading-archive-keyring')
    assert client.run(f'dpkg -S {KEYRING}').out.startswith('nova-cascading-archive-keyring')
    client.run('rm -rf /var/lib/apt/lists/*; apt-get update && apt-get install -y python-nova-cascading')
    example = client.read('/usr/share/doc/nova-cascading-archive-keyring/examples/nova-cascading.sources')
    client.run('rm /etc/apt/sources.list.d/*')
    client.write('/etc/apt/sources.list.d/nova-cascading.sources',
                 example.replace('Suites: SUITE', f'Suites: {TRUSTY}'))
    client.run('rm -rf /var/lib/apt/lists/*; apt-get update')
    assert DEB in client.run('apt-cache policy python-nova-cascading').out


def test_dnf_installs_and_goes_back_over_http(client):
    use_dnf(client, URL)
    client.run(dnf('install python-nova-cascading'))
    assert version(client) == RPM
    client.run(dnf(f'downgrade python-nova-cascading-2014.1.5-{EL7.format(1)}'))
    assert version(client) == f'2014.1.5-{EL7.format(1)}'


def test_dnf_uses_the_commands_of_the_page(client):
    """The release rpm brings the .repo file, switched off for yum 3's sake, and the key that it names."""
    client.run('install -d /etc/pki/rpm-gpg')  # as every host of the rpm family has it
    client.run('set -e; umask 077; ' + commands(client, YUM).replace('yum ', dnf('')))
    assert version(client) == RPM
    assert client.run('gpg --with-fingerprint /etc/pki/rpm-gpg/RPM-GPG-KEY-nova-cascading').out
    assert 'priority=200' in client.read('/etc/yum.repos.d/nova-cascading.repo')


@pytest.mark.parametrize('where', ['baseurl', 'mirrorlist'])
def test_dnf_reads_plain_address_and_mirrorlist(client, where):
    use_dnf(client, URL, where=where)
    client.run(dnf('install python-nova-cascading'))
    assert version(client) == RPM


def test_a_copy_on_a_medium_serves_both_families_without_a_network(make_host, repo, tmp_path):
    host = make_host('bookworm', 'clients')
    shutil.copytree(repo.root, host.path('/srv/repo'), symlinks=True)
    use_apt(host, 'file:///srv/repo')
    host.run('apt-get update && apt-get install -y python-nova-cascading')
    assert version(host) == DEB
    host.run('dpkg --purge python-nova-cascading')
    use_dnf(host, 'file:///srv/repo')
    host.run(dnf('install python-nova-cascading'))
    assert version(host) == RPM


def test_what_withdraw_prints_takes_back_what_the_host_has_and_nothing_else(client, repo, tmp_path):
    changed = repo.copy(tmp_path / 'repo')
    for name in ('nova-common', 'nova-api'):
        changed('publish', *(repositories.any_deb(tmp_path / 'in', name, UBUNTU.format(number)) for number in (1, 2)))
    serve(client, changed)
    use_apt(client, URL)
    client.run('apt-get update && apt-get install -y python-nova-cascading nova-common')
    said = changed('withdraw', UBUNTU.format(2)).stdout
    serve(client, changed)
    client.run(typed(said))
    assert client.run("dpkg-query -W -f '${Package} ${Version} ' 'nova-*' 'python-nova*'").out.split() == [
        'nova-common', UBUNTU.format(1), 'python-nova-cascading', UBUNTU.format(1)]
    client.run('dpkg --purge nova-common python-nova-cascading')
    use_dnf(client, URL)
    client.run(dnf('install python-nova-cascading'))
    said = changed('withdraw', RPM).stdout
    serve(client, changed)
    client.run(typed(said).replace('yum ', dnf('')))
    assert version(client) == f'2014.1.5-{EL7.format(1)}'


def serve(host, repo):
    shutil.rmtree(host.path('/srv/repo'))
    host.put(repo.root, '/srv/repo')


def typed(said):
    """The command that withdraw printed, with a person who says yes."""
    return f'yes | sh -c {shlex.quote(said.split("There:")[1].strip())}'
