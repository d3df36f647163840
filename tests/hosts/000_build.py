"""On a bare Debian 12, at a terminal, a clone and ./build.sh end in packages, or in one clear error."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import tempfile
from types import SimpleNamespace

import pytest

from builder.source import cache
from tests.conditions import TERMINALS
from tests.hosts.lib import icehouse, services
from tests.hosts.lib.host import Host, Result
from tests.hosts.lib.packages import PROJECT

CLONE = '/home/someone/nova cascading'
# Programs that work while a build is half-way.
AT_WORK = '[d]pkg-source|[d]pkg-buildpackage|[d]pkg-deb|[r]pmbuild'
ICEHOUSE = ['2014.1', '2014.1.2', '2014.1.3', '2014.1.5']


def clone(host: Host, to: str) -> None:
    """What `git clone` of the commit under test leaves."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(['git', 'clone', '-q', f'file://{PROJECT}', f'{work}/clone'], check=True)
        host.put(f'{work}/clone', to)


def hashes(host: Host, directory: str) -> dict[str, str]:
    """File name -> sha256 of all that lies in a directory of the host."""
    place = host.path(directory)
    files = sorted(path for path in place.iterdir() if path.is_file()) if place.exists() else []
    # These two describe the build machine.
    files = [path for path in files if path.suffix not in ('.changes', '.buildinfo')]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope='module')
def fresh(module_host) -> SimpleNamespace:
    """A bare machine on which root ran ./build.sh once, at a terminal; only git and the clone were there before."""
    host: Host = module_host('bookworm', 'minbase', online=True)
    host.run('apt-get -qq update && apt-get -qq install -y --no-install-recommends git')
    clone(host, CLONE)
    done = TERMINALS[0].on(host, f"cd '{CLONE}' && ./build.sh", timeout=900)
    assert done.status == 0, done.out
    return SimpleNamespace(host=host, done=done, built=hashes(host, f'{CLONE}/dist'))


@pytest.fixture(scope='module')
def offline(fresh, module_host) -> Host:
    """The same machine, with what other sources need besides, cut off from everything but itself."""
    fresh.host.run('apt-get -qq install -y --no-install-recommends python3-pip fakeroot procps')
    return module_host('bookworm', fresh.host.freeze())


def refused(host: Host, line: str, status: int = 1, **run) -> Result:
    """Run build.sh, expect an error, and nothing in its dist/."""
    done = host.run(f"cd '{CLONE}' && ./build.sh {line} --to /var/tmp/refused", check=False, **run)
    assert done.status == status, done.out + done.err
    assert 'Next: ' in done.err and 'Traceback' not in done.err, done.err
    assert hashes(host, '/var/tmp/refused') == {}
    return done


@pytest.mark.first
def test_a_fresh_machine_needs_no_preparation(fresh):
    stock = fresh.done.out.partition('_2%3a')[2].partition('_all.deb')[0]
    version, name = stock.partition('-')[0], 'python3-nova-cascading'
    assert set(fresh.built) == {
        f'{name}_{stock}+cascading1_all.deb', f'{name}_{stock}+cascading1.dsc',
        f'{name}_{stock}+cascading1.debian.tar.xz', f'{name}_{version}.orig.tar.xz',
        f'{name}_{version}.orig-nova-{stock.partition("-")[2].replace("~", "-")}.tar.xz',
        f'{name}-{version}-1.cascading1.noarch.rpm', f'{name}-{version}-1.cascading1.src.rpm',
        'nova-cascading-preflight'}


@pytest.mark.first
def test_the_summary_names_every_file_with_its_hash_and_how_to_install_it(fresh):
    for name, digest in fresh.built.items():
        assert f'{digest}  {CLONE}/dist/{name}' in fresh.done.out
    assert 'apt-get install' in fresh.done.out and 'dnf install' in fresh.done.out


def test_what_an_upload_needs_is_there(fresh):
    fresh.host.run(f"cd '{CLONE}/dist' && ls *_amd64.changes *_amd64.buildinfo")
    fresh.host.run(f"cd '{CLONE}' && ./build.sh --source-only --to /var/tmp/sources", timeout=300)
    names = {path.name.rsplit('_', 1)[-1] for path in fresh.host.path('/var/tmp/sources').iterdir()}
    assert {'source.changes', 'source.buildinfo'} <= names
    assert not [name for name in names if name.endswith(('.deb', '.noarch.rpm'))]


def test_another_directory_and_another_user_give_the_same_bytes(fresh, offline):
    clone(offline, '/srv/elsewhere')
    offline.run('useradd -m builder; cp -r /root/.cache /home/builder/; chown -R builder /srv/elsewhere /home/builder')
    offline.run("su builder -c 'cd /srv/elsewhere && umask 077 && TZ=Asia/Tokyo LC_ALL=C ./build.sh'", timeout=900)
    assert hashes(offline, '/srv/elsewhere/dist') == fresh.built


def test_who_was_put_into_the_owner_s_group_writes_nothing_that_root_runs(offline):
    clone(offline, '/srv/clone')
    offline.run('useradd -m alice; useradd -m bob; chown -R alice:alice /srv/clone; chmod -R g+w /srv/clone')
    offline.run('/srv/clone/build.sh --help')  # as umask 002 leaves it, with a group of her own
    offline.run("usermod -aG alice bob; su bob -c 'echo 1/0 >>/srv/clone/builder/cli.py'")
    done = offline.run('/srv/clone/build.sh --help', check=False)
    assert done.status == 1 and 'who typed sudo can write /srv/clone' in done.err, done.err


def test_the_source_package_rebuilds_with_the_distribution_s_tools_alone(fresh, offline):
    offline.run(f"mkdir /var/tmp/again && cd /var/tmp/again && dpkg-source -x '{CLONE}'/dist/*.dsc source && "
                'cd source && dpkg-buildpackage -us -uc -b -d', timeout=900)
    deb = next(name for name in fresh.built if name.endswith('.deb'))
    assert hashes(offline, '/var/tmp/again')[deb] == fresh.built[deb]


@pytest.mark.parametrize('version', ICEHOUSE)
def test_icehouse_builds_where_there_is_no_python_2(offline, version):
    icehouse.require(version)
    archive = cache.release(version)
    offline.put(archive, f'/root/.cache/nova-cascading/sources/{archive.name}')
    done = offline.run(f"cd '{CLONE}' && ./build.sh {version} --to /var/tmp/{version}", timeout=900)
    assert 'modified' not in done.out
    built = hashes(offline, f'/var/tmp/{version}')
    assert f'python-nova-cascading_{version}-0ubuntu1+cascading1_all.deb' in built
    assert f'python-nova-cascading-{version}-1.cascading1.noarch.rpm' in built


def test_without_a_network_it_says_what_it_could_not_get_and_where_to_put_a_copy(offline):
    assert 'nova-cascading/sources' in refused(offline, '26.3.0').err
    assert '2015.1.4' in refused(offline, '2015.1.4').err


@pytest.mark.parametrize(('make', 'source', 'said'), [
    ('mkdir -p /var/tmp/empty', '/var/tmp/empty', 'nova'),
    ('head -c 100000 {deb} >/var/tmp/cut.deb', '/var/tmp/cut.deb', 'cut.deb'),
    ('head -c 100000 {orig} >/var/tmp/cut.tar.xz', '/var/tmp/cut.tar.xz', 'cut.tar.xz'),
    ('mkdir -p /var/tmp/x/nova; touch /var/tmp/x/evil; tar -C /var/tmp/x -P -czf /var/tmp/climbs.tar.gz nova ../x/evil',
     '/var/tmp/climbs.tar.gz', 'climbs.tar.gz'),
    ('mkdir -p /var/tmp/l/nova; ln -sf /etc/passwd /var/tmp/l/nova/x; tar -C /var/tmp/l -czf /var/tmp/link.tar.gz nova',
     '/var/tmp/link.tar.gz', 'link.tar.gz'),
    ('true', '{built}', 'patched already'),
    ('true', 'iceberg', 'iceberg'),
], ids=['no nova', 'truncated deb', 'truncated tarball', 'climbs out', 'link leads out', 'patched already', 'unknown'])
def test_a_bad_source_is_one_clear_error(offline, make, source, said):
    dist = f"'{CLONE}'/dist"
    names = {'deb': '/root/.cache/nova-cascading/sources/*.deb', 'orig': f'{dist}/*.orig.tar.xz',
             'built': f'{dist}/*_all.deb'}
    offline.run(make.format(**names))
    assert said in refused(offline, source.format(**names)).err


def test_a_full_disk_leaves_dist_as_it_was(offline):
    offline.run('mkdir -p /var/tmp/small && mount -t tmpfs -o size=6m tmpfs /var/tmp/small')
    offline.run('echo mine >/var/tmp/small/mine')
    done = offline.run(f"cd '{CLONE}' && ./build.sh --to /var/tmp/small", check=False, timeout=900)
    assert done.status == 1 and '/var/tmp/small' in done.err and '--to' in done.err, done.err
    assert list(hashes(offline, '/var/tmp/small')) == ['mine']


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM], ids=['^C', 'terminated'])
def test_an_interrupted_build_leaves_nothing_behind(offline, number):
    before = set(offline.run('ls /tmp /var/tmp').out.split())
    line = f"cd '{CLONE}' && exec env --default-signal=INT ./build.sh --to /var/tmp/never"  # nohup's children ignore it
    running = offline.spawn(line, start_new_session=True, stderr=subprocess.PIPE)
    services.wait_for(offline, f'pgrep -f "{AT_WORK}"')
    offline.run(f'pkill -{number.value} -f "[b]uilder/__main__.py --to /var/tmp/never"')
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and 'interrupted' in said
    assert set(offline.run('ls /tmp /var/tmp').out.split()) - before <= {'never'}
    assert hashes(offline, '/var/tmp/never') == {}
