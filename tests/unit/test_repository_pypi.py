"""The index of wheels and sdists: pip takes the right file, after a withdrawal too; verify sees every change."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests import repositories
from tests.repositories import SAID, Publisher, sdist, wheel


@pytest.fixture(scope='module')
def home():
    with repositories.signer() as made:
        yield made


@pytest.fixture
def publish(tmp_path, home):
    return Publisher(tmp_path / 'repo', home)


@pytest.fixture
def two(publish, tmp_path):
    """Two revisions of one version, as wheels and sdists."""
    for revision in (1, 2):
        folder = tmp_path / str(revision)
        publish('publish', wheel(folder, revision), sdist(folder, revision))
    return publish


def taken(publish, to, *words, suite='pypi'):
    """The files that pip downloads; None when it finds none."""
    pip = [sys.executable, '-I', '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-cache-dir',
           '--disable-pip-version-check', '--index-url', f'file://{publish.root}/{suite}/simple/', '--dest', to]
    done = subprocess.run([*pip, *words], capture_output=True, text=True, env={'PIP_CONFIG_FILE': '/dev/null'})
    return sorted(path.name for path in to.iterdir()) if done.returncode == 0 else None


def test_pip_takes_the_highest_revision(two, tmp_path):
    assert taken(two, tmp_path / 'x', 'nova') == ['nova-26.3.0-2cascading2-py3-none-any.whl']


def test_pip_takes_the_one_whose_hash_is_asked_for(two, tmp_path):
    page = (two.root / 'index.html').read_text()
    line = re.search('nova==26.3.0 --hash=sha256:[0-9a-f]{64}', page)[0]
    (tmp_path / 'nova-cascading.txt').write_text(line + '\n')
    assert taken(two, tmp_path / 'x', '--require-hashes', '-r', tmp_path / 'nova-cascading.txt') == [
        'nova-26.3.0-2cascading2-py3-none-any.whl']
    (tmp_path / 'nova-cascading.txt').write_text(line[:-4] + '0000\n')
    assert taken(two, tmp_path / 'y', '--require-hashes', '-r', tmp_path / 'nova-cascading.txt') is None


def test_a_withdrawn_revision_is_yanked_and_comes_back(two, tmp_path):
    said = two('withdraw', '26.3.0-2cascading2').stdout
    assert 'pip takes 26.3.0-1cascading2 again' in said and '/pypi/simple/ nova==26.3.0' in said
    assert taken(two, tmp_path / 'x', 'nova') == ['nova-26.3.0-1cascading2-py3-none-any.whl']
    index = json.loads((two.root / 'pypi/simple/nova/index.json').read_text())
    assert {file['filename']: bool(file['yanked']) for file in index['files']} == {
        'nova-26.3.0-1cascading2-py3-none-any.whl': False, 'nova-26.3.0-2cascading2-py3-none-any.whl': True,
        'nova-26.3.0.tar.gz': False}
    two('withdraw', '--undo', '26.3.0-2cascading2')
    assert taken(two, tmp_path / 'y', 'nova') == ['nova-26.3.0-2cascading2-py3-none-any.whl']
    two('withdraw', '--delete', '26.3.0-2cascading2')
    assert not list(two.root.glob('pypi/packages/2cascading2/*'))
    two('verify')


def test_when_none_is_left_the_way_back_is_named(publish, tmp_path):
    publish('publish', wheel(tmp_path, 1))
    assert 'nova-cascading uninstall' in publish('withdraw', '26.3.0-1cascading2').stdout


def test_testing_is_an_index_of_its_own_until_it_is_promoted(publish, tmp_path):
    publish('publish', wheel(tmp_path / '1', 1))
    publish('publish', '--channel', 'testing', wheel(tmp_path / '2', 2))
    assert taken(publish, tmp_path / 'x', 'nova') == ['nova-26.3.0-1cascading2-py3-none-any.whl']
    assert taken(publish, tmp_path / 'y', 'nova', suite='pypi-testing') == ['nova-26.3.0-2cascading2-py3-none-any.whl']
    publish('promote')
    assert taken(publish, tmp_path / 'z', 'nova') == ['nova-26.3.0-2cascading2-py3-none-any.whl']
    publish('verify')


@pytest.mark.parametrize('name', ['packages/1cascading2/nova-26.3.0-1cascading2-py3-none-any.whl',
                                  'simple/nova/index.html', 'simple/nova/index.json', 'simple/index.html'])
def test_verify_sees_every_change(publish, tmp_path, name):
    publish('publish', wheel(tmp_path, 1))
    assert 'packages: 1' in publish('verify').stdout
    path = publish.root / 'pypi' / name
    path.write_bytes(path.read_bytes() + b' ')
    assert f'pypi/{name}: changed' in publish('verify', check=False).stdout


def test_an_index_that_is_signed_but_not_what_it_should_be_is_seen(publish, tmp_path):
    from builder.repository import pypi, pypicheck
    from builder.repository.state import State

    publish('publish', wheel(tmp_path, 1))
    suite = State.load(publish.root).suites['pypi']
    texts = pypi.files('pypi', suite)

    class Tree:
        def read(self, path):
            return texts[path]

    assert list(pypicheck.problems(Tree(), 'pypi', suite, set())) == []
    texts['pypi/simple/nova/index.html'] += b'<a href="x">nova-99.tar.gz</a>'
    assert len(list(pypicheck.problems(Tree(), 'pypi', suite, set()))) == 1


@pytest.mark.parametrize('spoil, said', [
    (lambda path: path.write_bytes(b'no zip'), 'is damaged'),
    (lambda path: shutil.copy(wheel(path.parent / 'stock', 1, summary='Cloud'), path), 'not say that it is a fork'),
    (lambda path: path.rename(path.with_name('nova-26.3.0-py3-none-any.whl')), 'should be called'),
])
def test_what_is_none_of_ours_is_refused_before_anything_is_published(publish, tmp_path, spoil, said):
    spoil(wheel(tmp_path / 'in', 1))
    done = publish('publish', tmp_path / 'in', check=False)
    assert done.returncode == 1 and said in done.stdout and not publish.root.exists()


def test_another_file_of_the_same_revision_is_refused(publish, tmp_path):
    publish('publish', wheel(tmp_path / '1', 1))
    other = wheel(tmp_path / '2', 1, summary='another ' + SAID)
    assert 'higher --revision' in publish('publish', other, check=False).stdout
