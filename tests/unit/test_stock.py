"""Without a source named, it is the stock package that the package manager offers: a real apt with its own mirror."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from builder.common import manager
from builder.common.errors import BuildError
from builder.common.model import Tree
from builder.source import stock
from builder.source.obtain import obtain
from tests import fakenova

pytestmark = pytest.mark.skipif(shutil.which('apt-get') is None, reason='SKIPPED: needs apt')


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """An apt whose only repository is a directory of the test; returns that directory."""
    monkeypatch.setenv('NOVA_CASCADING_SOURCES', str(tmp_path / 'sources'))
    monkeypatch.setenv('APT_CONFIG', str(tmp_path / 'apt.conf'))
    for name in ('state/lists/partial', 'cache/archives/partial', 'etc/parts', 'repository'):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / 'state/status').write_text('')
    (tmp_path / 'etc/sources.list').write_text(f'deb [trusted=yes] file:{tmp_path}/repository ./\n')
    monkeypatch.setattr(manager, 'refresh', lambda: '')
    (tmp_path / 'apt.conf').write_text(f'''
        Dir::State "{tmp_path}/state"; Dir::State::status "{tmp_path}/state/status"; Dir::Cache "{tmp_path}/cache";
        Dir::Etc::SourceList "{tmp_path}/etc/sources.list"; Dir::Etc::SourceParts "{tmp_path}/etc/parts";
        Dir::Etc::Parts "{tmp_path}/etc/parts"; APT::Architecture "amd64"; APT::Sandbox::User "";
    ''')
    return tmp_path / 'repository'


def offer(repository, algorithm='sha256'):
    """Put a stock package into the repository and its list, which states the one hash."""
    fakenova.write(repository / 'package/usr/lib/python3/dist-packages', '26.2.2')
    control = 'Package: python3-nova\nVersion: 2:26.2.2-1\nArchitecture: all\nMaintainer: T <t@example.org>\n' \
        'Description: x\n'
    (repository / 'package/DEBIAN').mkdir()
    (repository / 'package/DEBIAN/control').write_text(control)
    deb = repository / 'python3-nova_26.2.2-1_all.deb'
    subprocess.run(['dpkg-deb', '-b', '-Zgzip', repository / 'package', deb], check=True, stdout=subprocess.DEVNULL)
    content = deb.read_bytes()
    (repository / 'Packages').write_text(f'{control}Filename: ./{deb.name}\nSize: {len(content)}\n'
                                         f'{algorithm.upper()}: {hashlib.new(algorithm, content).hexdigest()}\n')
    subprocess.run(['apt-get', '-qq', 'update'], check=True, capture_output=True)
    return deb


@pytest.mark.parametrize('algorithm', ['sha256', 'sha512'])
def test_the_offered_package_is_taken_and_kept(apt, tmp_path, algorithm):
    deb = offer(apt, algorithm)
    tree = obtain(None, tmp_path / 'work')
    assert (tree.version, tree.stock.name, tree.stock.version) == ('26.2.2', 'python3-nova', '2:26.2.2-1')
    deb.unlink()
    assert obtain(None, tmp_path / 'again').stock.version == '2:26.2.2-1'


def test_a_package_that_the_mirror_lists_but_does_not_have(apt, tmp_path):
    offer(apt).unlink()
    with pytest.raises(BuildError, match='could not download python3-nova') as caught:
        obtain(None, tmp_path / 'work')
    assert './build.sh 26.3.0' in caught.value.hint


def test_a_package_that_is_not_what_the_mirror_lists(apt, tmp_path):
    deb = offer(apt)
    deb.write_bytes(deb.read_bytes()[:-1] + b'x')
    with pytest.raises(BuildError, match='could not download python3-nova'):
        obtain(None, tmp_path / 'work')


def test_a_host_that_offers_no_nova(apt, tmp_path):
    (apt / 'Packages').write_text('')
    with pytest.raises(BuildError, match='offers no stock nova') as caught:
        obtain(None, tmp_path / 'work')
    assert 'apt-get update' in caught.value.hint


def test_a_host_without_a_package_manager(tmp_path, monkeypatch):
    monkeypatch.setattr(manager, 'name', lambda: '')
    with pytest.raises(BuildError, match='neither apt-get nor dnf'):
        stock.download(tmp_path)


def test_the_stock_package_of_the_same_series_is_found_for_a_release(apt):
    offer(apt)
    assert stock.alike(Tree(Path('/nowhere'), '26.3.0', 'a test')).version == '2:26.2.2-1'
    assert stock.alike(Tree(Path('/nowhere'), '27.0.0', 'a test')) is None


HOLD = '''import fcntl, sys, time
with open(sys.argv[1], "w") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
'''


@pytest.mark.parametrize(('lock', 'words'), [
    ('state/lists/lock', ['update']), ('cache/archives/lock', ['clean']), ('state/lock', ['install', 'python3-nova']),
    ('state/lock-frontend', ['install', 'python3-nova'])])
def test_real_apt_is_waited_for_while_another_process_holds_its_lock(apt, tmp_path, monkeypatch, capsys, lock, words):
    offer(apt)
    monkeypatch.setattr(manager, 'PAUSE', 0.1)
    command = ['apt-get', '-qq', '-y', '-o', 'Dir::Bin::dpkg=/bin/true', *words]
    holder = ['python3', '-c', HOLD, tmp_path / lock]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as by:
        by.stdout.readline()
        assert manager.run(command, seconds=0.3).returncode == 100, 'the wait has an end'
        assert f'process {by.pid}' in capsys.readouterr().err
    done = manager.run(command, seconds=0.3)
    assert not manager.LOCKED.search(done.stdout)


@pytest.mark.parametrize(('root', 'days', 'says'), [(False, 3, 'are 3 days old'), (False, 0, ''), (True, 3, '')])
def test_a_user_is_told_that_the_package_lists_are_old(tmp_path, monkeypatch, capsys, root, days, says):
    monkeypatch.setattr(manager, 'is_root', lambda: root)
    monkeypatch.setattr(manager, 'age', lambda: days * manager.DAY + 60.0)
    stock._tell_age()
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(('hours', 'runs'), [(0.5, 0), (20, 1)])
def test_root_reads_old_package_lists_anew_once(monkeypatch, hours, runs):
    ran = []
    monkeypatch.setattr(manager, 'is_root', lambda: True)
    monkeypatch.setattr(manager, 'name', lambda: 'apt-get')
    monkeypatch.setattr(manager, 'age', lambda: hours * manager.HOUR)
    monkeypatch.setattr(manager, 'run', lambda words: ran.append(words) or subprocess.CompletedProcess(words, 0, ''))
    assert manager.refresh() == manager.refresh() == ''
    assert len(ran) == runs


def test_the_age_of_lists_is_that_of_the_last_change(tmp_path, monkeypatch):
    monkeypatch.setattr(manager, 'LISTS', tmp_path)
    monkeypatch.setattr(manager, 'CHANGED_BY_UPDATE', (tmp_path / 'x_Packages', tmp_path / 'none'))
    assert manager.age() == float('inf')
    (tmp_path / 'x_Packages').write_text('')
    os.utime(tmp_path / 'x_Packages', (0, 0))
    assert manager.age() > 50 * 365 * manager.DAY
