"""Whatever Debian packages to mirror or carry a repository: hosts install from what comes out of it."""

import shutil

import pytest

from tests.hosts.lib.clients import DEB, RPM, TRUSTY, URL, YUM, dnf, two_revisions, use_apt, use_dnf, version
from tests.hosts.lib.services import wait_for
from tests.repositories import Publisher

KEY = '/srv/repo/nova-cascading.gpg'


@pytest.fixture(scope='module')
def repo(tmp_path_factory):
    """A repository of two revisions that is served at URL of a host."""
    with two_revisions(tmp_path_factory.mktemp('repository')) as publisher:
        yield publisher


@pytest.fixture(scope='module')
def served(module_host, repo):
    host = module_host('bookworm', 'clients')
    host.put(repo.root, '/srv/repo')
    host.serve('/srv/repo')
    # apt-mirror 0.5.4 loses a port that stands in the address, apt-cacher-ng refuses one.
    host.serve('/srv/repo', 80)
    return host


@pytest.fixture
def client(served):
    """One host for all: each mirror has a place and a port of its own."""
    yield served
    served.run('dpkg --purge python-nova-cascading; rpm -e python-nova-cascading', check=False)


def installs(host, url, suite=TRUSTY, key=KEY):
    """apt takes the fork from there."""
    use_apt(host, url, suite, key=key)
    host.run('apt-get -o APT::Update::Error-Mode=any update && apt-get install -y python-nova-cascading')
    assert version(host) == DEB


def test_wget(client, repo, tmp_path):
    client.run(f'cd /srv && (umask 022; wget -q -m -np -nH -P /srv/wget {URL}/index.html)')
    verify(client, '/srv/wget', repo, tmp_path)


def test_lftp(client, repo, tmp_path):
    """Not over http: what it takes for the server's list of files there is index.html."""
    client.run('umask 022; lftp -c "mirror file:///srv/repo /srv/lftp"')
    verify(client, '/srv/lftp', repo, tmp_path)


def test_rsync(client, repo, tmp_path):
    client.run('rsync -aH /srv/repo/ /srv/rsync/')
    verify(client, '/srv/rsync', repo, tmp_path)


def verify(host, path, repo, tmp_path):
    copy = Publisher(tmp_path / 'copy', repo.home)
    shutil.copytree(host.path(path), copy.root, symlinks=True)
    copy('verify')


@pytest.mark.parametrize('diff', ['none', 'use'])
def test_debmirror(client, diff):
    client.run(f'debmirror /srv/debmirror-{diff} --host=127.0.0.1:8000 --root=. --method=http --dist={TRUSTY} '
               f'--section=main --arch=amd64 --keyring={KEY} --diff={diff}')
    installs(client, f'file:///srv/debmirror-{diff}')


def test_apt_mirror(client):
    client.write('/etc/apt/mirror.list', 'set base_path /srv/apt-mirror\nset nthreads 2\nset _tilde 0\n'
                 f'set run_postmirror 0\ndeb-amd64 http://127.0.0.1 {TRUSTY} main\n'
                 f'deb-all http://127.0.0.1 {TRUSTY} main\n')
    client.run('install -d /srv/apt-mirror/mirror /srv/apt-mirror/skel /srv/apt-mirror/var; apt-mirror')
    installs(client, 'file:///srv/apt-mirror/mirror/127.0.0.1')


def test_approx(client):
    """A proxy that inetd starts for each request."""
    client.write('/etc/approx/approx.conf', f'nova {URL}\n')
    client.run('install -d -o approx -g approx /var/cache/approx')
    client.write('/srv/inetd.py', INETD)
    as_approx = 'setpriv --reuid approx --regid approx --clear-groups'
    client.spawn(f'exec {as_approx} python3 /srv/inetd.py 9999 /usr/sbin/approx')
    wait_for(client, ANSWERS.format(9999))
    installs(client, 'http://127.0.0.1:9999/nova')


INETD = '''import socketserver, subprocess, sys
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        subprocess.run(sys.argv[2:], stdin=self.request, stdout=self.request)
socketserver.ThreadingTCPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
'''
ANSWERS = 'python3 -c "import socket; socket.create_connection((\'127.0.0.1\', {}))"'


def test_apt_cacher_ng(client):
    client.spawn('exec apt-cacher-ng -c /etc/apt-cacher-ng ForeGround=1 BindAddress=127.0.0.1 >/var/log/acng.log 2>&1')
    wait_for(client, ANSWERS.format(3142))
    installs(client, 'http://127.0.0.1:3142/127.0.0.1')


@pytest.fixture
def their_key(client):
    """What aptly and reprepro sign their copies with; hosts trust the mirror then."""
    client.run('export GNUPGHOME=/root/theirs; install -d -m 700 $GNUPGHOME; test -e /root/theirs.gpg || { gpg --batch'
               ' -q --passphrase "" --quick-generate-key mirror rsa3072 sign; gpg --export >/root/theirs.gpg; }')
    return '/root/theirs.gpg'


def test_aptly(client, their_key):
    client.write('/root/.aptly.conf', '{"rootDir": "/srv/aptly", "gpgProvider": "gpg"}')
    client.run('set -e; export GNUPGHOME=/root/theirs; '
               f'aptly mirror create -keyring={KEY} -with-sources nova {URL} {TRUSTY}; '
               f'aptly mirror update -keyring={KEY} nova; aptly snapshot create one from mirror nova; '
               'aptly publish snapshot -batch -architectures=amd64 -distribution=own one')
    installs(client, 'file:///srv/aptly/public', 'own', their_key)


def test_reprepro(client, their_key):
    client.write('/srv/reprepro/conf/distributions', 'Codename: own\nComponents: main\nArchitectures: amd64 source\n'
                 'SignWith: default\nUpdate: nova\n')
    client.run('export GNUPGHOME=/root/theirs; gpg --batch -q --import /srv/repo/nova-cascading.asc')
    key = client.run(f'gpg --show-keys --with-colons {KEY} | grep ^pub').out.split(':')[4]
    client.write('/srv/reprepro/conf/updates', f'Name: nova\nMethod: {URL}\nSuite: {TRUSTY}\nComponents: main\n'
                 f'Architectures: amd64 source\nVerifyRelease: {key}\n')
    client.run('GNUPGHOME=/root/theirs reprepro -b /srv/reprepro update')
    installs(client, 'file:///srv/reprepro', 'own', their_key)


def test_reposync(client):
    use_dnf(client, URL)
    client.run(dnf('reposync --repoid=nova-cascading --download-metadata --norepopath -p /srv/sync --gpgcheck'))
    synced(client, '/srv/sync')


def synced(host, path):
    host.run(f'cp /srv/repo/yum/{YUM}/repodata/repomd.xml.asc {path}/repodata/')
    use_dnf(host, URL, at=f'file://{path}')
    host.run(dnf('install python-nova-cascading'))
    assert version(host) == RPM


def test_reposync_of_dnf5(module_host, repo, client):
    sid = module_host('sid', 'clients')
    sid.put(repo.root, '/srv/repo')
    use_dnf(sid, 'file:///srv/repo')
    sid.run(dnf('reposync --repoid=nova-cascading --download-metadata --norepopath --download-path=/srv/sync', 'dnf5'))
    client.put(sid.path('/srv/sync'), '/srv/sync5')
    synced(client, '/srv/sync5')
