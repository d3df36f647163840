"""Every Debian builds the same bytes of the same source: its dpkg, its Python and its compressors leave no trace.

An rpm notes which rpm has written it, and what that takes files for: its files are the same, and its format is rpm 4's.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

from builder.common import needs
from tests import fakenova
from tests.hosts.lib import debs, sid
from tests.hosts.lib.host import Host
from tests.hosts.lib.layers import register
from tests.hosts.lib.packages import PROJECT
from tests.unit import test_sdist

# What ./build.sh would install by itself; the same lists as its own.
WANTED = ' '.join(sorted({need.deb for need in needs.table().values() if {'build', 'sdist'} & set(need.commands)}))
INSTALL = 'apt-get -qq install -y --no-install-recommends'
register('builder', base='base', script=f'{INSTALL} {WANTED}\n[ $SUITE != sid ] || {INSTALL} lintian')
# Not a series that one of these suites has: the fork of a release follows the stock package that apt knows.
VERSION = '27.5.1'
OLD = '2014.1.5'
FORMAT = '[%{PAYLOADDIGEST}] %{SHA1HEADER} %{SIGMD5}'
DESCRIBE_THE_MACHINE = ('.changes', '.buildinfo')


# What administrators set for their own packages.
MACROS = ('%dist .mine', '%packager Somebody', '%vendor Else', '%_rpmfilename %%{NAME}.rpm', '%_prefix /opt',
          '%_binary_payload w19.zstdio', '%_binary_filedigest_algorithm 1', '%_rpmformat 6', '%_docdir /opt',
          '%_topdir /nonexistent', '%clamp_mtime_to_source_date_epoch 0', '%python3_version 3.7')
SETTINGS = {
    '/etc/rpm/macros.mine': ''.join(f'{line}\n' for line in MACROS),
    '/etc/dpkg/buildflags.conf': 'SET CFLAGS -O9\n',
    '/etc/dpkg/origins/default': 'Vendor: Ubuntu\nVendor-URL: http://x\nParent: Debian\n',
    '/etc/gitconfig': '[core]\n\tautocrlf = true\n',
    '/root/.quiltrc': 'QUILT_PATCHES=elsewhere\nQUILT_DIFF_ARGS="--no-index -p0"\n'}


def small(to: Path, version: str) -> None:
    """A small nova of a version, with all that an sdist has."""
    made = fakenova.write(to / f'nova-{version}', version)
    for name, text in (('setup.cfg', test_sdist.SETUP_CFG), ('setup.py', test_sdist.SETUP_PY)):
        (made / name).write_text(text)


@pytest.fixture(scope='module')
def sources(tmp_path_factory) -> Path:
    """What is built: a clone of the project, and a small nova for either Python."""
    place = tmp_path_factory.mktemp('sources')
    subprocess.run(['git', 'clone', '-q', f'file://{PROJECT}', place / 'project'], check=True)
    small(place, VERSION)
    small(place, OLD)
    return place


def lines(to: str, suite: str = 'sid') -> list[str]:
    """What is built; for Python 2 only on one other suite, as the same tools make it."""
    old = [f'./build.sh ../nova-{OLD} --to {to}/old'] if suite == 'sid' else []
    return [f'./build.sh ../nova-{VERSION} --to {to}/new', *old, f'./build.sh collection --to {to}/new',
            f'./build.sh sdist ../nova-{VERSION} --source-only --to {to}/new',
            f'./build.sh installer ../nova-{VERSION} --to {to}/new']


def made(to: Path) -> dict[str, str]:
    """File -> sha256, of an rpm that of its files."""
    found = {}
    for path in sorted(to.rglob('*.*')):
        if path.suffix == '.rpm':
            found[path.name] = subprocess.check_output(['rpm', '-qp', '--nosignature', '--qf', FORMAT, path], text=True)
            digests = found[path.name].split()
            assert '(none)' not in digests, f'{path.name} is not of version 4 of the format'
            # Debian's Python is in the paths of a noarch.rpm of Python 3.
            found[path.name] = digests[0] if '.src.' in path.name or 'python-nova' in path.name else ''
        elif path.is_file() and path.suffix not in DESCRIBE_THE_MACHINE:
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture(scope='module')
def here(sources) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as to:
        for line in lines(to):
            subprocess.run(shlex.split(line), cwd=sources / 'project', check=True, capture_output=True)
        return made(Path(to))


@pytest.fixture(scope='module', params=['bullseye', debs.everywhere('trixie'), 'sid'])
def machine(request, module_host, sources) -> Host:
    host = sid.or_another(module_host, request.param, 'builder')
    host.put(sources, '/srv')
    host.run('rm -f /etc/dpkg/origins/default')
    for path, text in SETTINGS.items():
        host.write(path, text)
    for line in lines('/srv/dist', host.suite):
        host.run(f'cd /srv/project && {line}')
    return host


def test_it_builds_the_same_bytes(machine, here):
    there = made(machine.path('/srv/dist'))
    assert len(there) > 9 and there == {name: here.get(name) for name in there}


def test_what_it_built_is_installed_there_and_leaves_nothing_behind(machine):
    machine.run('apt-get -qq install -y --no-install-recommends /srv/dist/new/*_all.deb')
    site = '/usr/lib/python3/dist-packages/nova'
    assert machine.read('/usr/bin/nova-cascading').startswith('#!/usr/bin/python3 -IB\n')
    assert list(machine.path(f'{site}/cascading/__pycache__').glob('cli.*.pyc'))
    # As in the middle of a release upgrade.
    machine.run('mv /usr/bin/py3clean /root; dpkg --purge python3-nova-cascading; mv /root/py3clean /usr/bin')
    assert not machine.exists(site)


@pytest.mark.parametrize('suite', ['bullseye', *map(debs.everywhere, ['trixie', 'sid'])])  # pip 20.3 is the oldest
def test_it_gets_a_release_from_pypi_by_its_name(make_host, sources, suite):
    host = make_host(suite, 'builder', online=True)
    host.put(sources / 'project', '/srv/project')
    host.run('cd /srv/project && ./build.sh diff 26.3.0 --to /srv/patches')
    assert host.exists('/srv/patches/instance-mapping-uuid.patch')


@pytest.mark.parametrize('machine', ['sid'], indirect=True)
def test_the_newest_lintian_finds_no_error(machine):
    """Of what is for hosts of today: it calls all of Python 2 an error."""
    machine.run('ln -sf debian /etc/dpkg/origins/default')
    machine.run('lintian --allow-root --fail-on error /srv/dist/new/*_all.deb /srv/dist/new/*.dsc')
