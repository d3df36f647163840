"""Without a source named, it is the stock package that the package manager offers: a real apt with its own mirror."""

import hashlib
import shutil
import subprocess

import pytest

from builder import source
from builder.errors import BuildError
from builder.source import stock
from tests.unit import fakenova

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
    (tmp_path / 'apt.conf').write_text(f'''
        Dir::State "{tmp_path}/state"; Dir::State::status "{tmp_path}/state/status"; Dir::Cache "{tmp_path}/cache";
        Dir::Etc::SourceList "{tmp_path}/etc/sources.list"; Dir::Etc::SourceParts "{tmp_path}/etc/parts";
        Dir::Etc::Parts "{tmp_path}/etc/parts"; APT::Architecture "amd64"; APT::Sandbox::User "";
    ''')
    return tmp_path / 'repository'


def offer(repository):
    """Put a stock package into the repository and its list."""
    fakenova.write(repository / 'package/usr/lib/python3/dist-packages', '26.2.2')
    control = 'Package: python3-nova\nVersion: 2:26.2.2-1\nArchitecture: all\nMaintainer: T <t@example.org>\n' \
        'Description: x\n'
    (repository / 'package/DEBIAN').mkdir()
    (repository / 'package/DEBIAN/control').write_text(control)
    deb = repository / 'python3-nova_26.2.2-1_all.deb'
    subprocess.run(['dpkg-deb', '-b', '-Zgzip', repository / 'package', deb], check=True, stdout=subprocess.DEVNULL)
    content = deb.read_bytes()
    (repository / 'Packages').write_text(f'{control}Filename: ./{deb.name}\nSize: {len(content)}\n'
                                         f'SHA256: {hashlib.sha256(content).hexdigest()}\n')
    subprocess.run(['apt-get', '-qq', 'update'], check=True, capture_output=True)
    return deb


def test_the_offered_package_is_taken_and_kept(apt, tmp_path):
    deb = offer(apt)
    tree = source.obtain(None, tmp_path / 'work')
    assert (tree.version, tree.stock.name, tree.stock.version) == ('26.2.2', 'python3-nova', '2:26.2.2-1')
    deb.unlink()
    assert source.obtain(None, tmp_path / 'again').stock.version == '2:26.2.2-1'


def test_a_package_that_the_mirror_lists_but_does_not_have(apt, tmp_path):
    offer(apt).unlink()
    with pytest.raises(BuildError, match='could not download python3-nova') as caught:
        source.obtain(None, tmp_path / 'work')
    assert './build.sh 26.3.0' in caught.value.hint


def test_a_package_that_is_not_what_the_mirror_lists(apt, tmp_path):
    deb = offer(apt)
    deb.write_bytes(deb.read_bytes()[:-1] + b'x')
    with pytest.raises(BuildError, match='could not download python3-nova'):
        source.obtain(None, tmp_path / 'work')


def test_a_host_that_offers_no_nova(apt, tmp_path):
    (apt / 'Packages').write_text('')
    with pytest.raises(BuildError, match='offers no stock nova') as caught:
        source.obtain(None, tmp_path / 'work')
    assert 'apt-get update' in caught.value.hint


def test_a_host_without_a_package_manager(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(BuildError, match='neither apt-get nor dnf'):
        stock.download(tmp_path)
