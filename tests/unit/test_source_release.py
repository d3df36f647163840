"""A release by name comes from the local cache, from upstream pinned by commit, or from PyPI; or says why not."""

import errno
import hashlib
import os
import shutil
import subprocess

import pytest

from builder.source import cache, inspect, releases, upstream
from builder.source.obtain import obtain
from tests import fakenova
from tests.source_bed import pack, refused

pytestmark = pytest.mark.usefixtures('sources')


def test_an_unknown_release_or_file(tmp_path):
    assert 'icehouse' in refused(tmp_path, 'icehose')
    assert 'there is no file ./icehouse' in refused(tmp_path, './icehouse')
    assert 'there is no file nova.tar.gz' in refused(tmp_path, 'nova.tar.gz')
    assert 'is an address' in refused(tmp_path, 'https://example.org/nova.tar.gz')


def test_a_local_copy_comes_before_any_network(tmp_path, sources, monkeypatch):
    monkeypatch.setattr(upstream, '_run', lambda *_: pytest.fail('the network was asked'))
    sources.mkdir()
    pack(sources, 'nova-2014.1.5.tar.gz', '2014.1.5', 'nova-2014.1.5')
    tree = obtain('icehouse', tmp_path / 'work')
    assert tree.version == '2014.1.5' and 'is not what was released as 2014.1.5' in tree.modified


def git_upstream(tmp_path, monkeypatch):
    """A git repository that stands in for upstream's, by git's own configuration."""
    path = fakenova.write(tmp_path / 'upstream', '14.1.0')
    git = ['git', '-C', str(path), '-c', 'user.name=t', '-c', 'user.email=t@example.org']
    for words in (['init', '-q'], ['add', '-A'], ['commit', '-qm', 'x'], ['tag', '14.1.0']):
        subprocess.run([*git, *words], check=True)
    (tmp_path / 'gitconfig').write_text(f'[url "file://{path}"]\n\tinsteadOf = {upstream.UPSTREAM}\n'
                                        '[safe]\n\tdirectory = *\n')
    monkeypatch.setenv('GIT_CONFIG_GLOBAL', str(tmp_path / 'gitconfig'))
    return subprocess.run([*git, 'rev-parse', 'HEAD'], capture_output=True, text=True).stdout.strip()


def test_an_old_release_comes_from_the_pinned_commit_and_is_kept(tmp_path, sources, monkeypatch):
    pin = releases.Pin('14.1.0', 'git', git_upstream(tmp_path, monkeypatch))
    monkeypatch.setattr(releases, 'table', lambda: {'14.1.0': pin})
    assert obtain('14.1.0', tmp_path / 'work').version == '14.1.0'
    assert [path.name for path in sources.iterdir()] == ['nova-14.1.0.tar.gz']


USERS = '''
[safe]
    bareRepository = explicit
[core]
    hooksPath = {place}
    autocrlf = true
    attributesFile = {place}/attributes
[tar]
    umask = 0077
[tar "tar.gz"]
    command = touch {place}/ran; gzip
[init]
    defaultObjectFormat = sha256
    templateDir = {place}
[fetch]
    recurseSubmodules = true
    writeCommitGraph = true
[commit]
    gpgSign = true
'''


def test_what_a_user_has_set_for_git_decides_where_it_comes_from_and_nothing_else(tmp_path, sources, monkeypatch):
    commit = git_upstream(tmp_path, monkeypatch)
    pin = releases.Pin('14.1.0', 'git', commit)
    (tmp_path / 'reference-transaction').write_text(f'#!/bin/sh\ntouch {tmp_path}/ran; exit 1\n')
    (tmp_path / 'reference-transaction').chmod(0o755)
    (tmp_path / 'attributes').write_text('*.py export-ignore\n')
    plain = upstream.tarball(pin, work(tmp_path / 'one')).read_bytes()
    (sources / 'nova-14.1.0.tar.gz').unlink()
    with (tmp_path / 'gitconfig').open('a') as stream:
        stream.write(USERS.format(place=tmp_path))
    assert upstream.tarball(pin, work(tmp_path / 'two')).read_bytes() == plain
    assert not (tmp_path / 'ran').exists()


def work(path):
    path.mkdir()
    return path


def test_a_tag_that_moved_is_refused(tmp_path, monkeypatch):
    git_upstream(tmp_path, monkeypatch)
    text = refused(tmp_path, '14.1.0')
    assert 'not the pinned ' + releases.table()['14.1.0'].commit in text


@pytest.fixture(params=['', '[build-system]\nrequires = ["pbr"]\nbuild-backend = "pbr.build"\n'],
                ids=['setup.py', 'pbr'])
def pypi(request, tmp_path, monkeypatch):
    """An index with nova 26.3.0, whose code would leave a mark if pip ran it; what is pinned for it."""
    made = fakenova.write(tmp_path / 'made' / 'nova-26.3.0', '26.3.0')
    (made / 'setup.py').write_text(f'open({str(tmp_path / "mark")!r}, "w")\n')
    if request.param:
        (made / 'pyproject.toml').write_text(request.param)
    index = tmp_path / 'index' / 'nova'
    index.mkdir(parents=True)
    file = index / 'nova-26.3.0.tar.gz'
    subprocess.run(['tar', '-czf', file, '-C', made.parent, made.name], check=True)
    (index / 'index.html').write_text(f'<a href="{file.name}">{file.name}</a>')
    for name, value in (('CONFIG_FILE', os.devnull), ('INDEX_URL', f'file://{index.parent}'), ('NO_CACHE_DIR', '1')):
        monkeypatch.setenv(f'PIP_{name}', value)
    monkeypatch.delenv('PIP_FIND_LINKS', raising=False)
    pinned = releases.Pin('26.3.0', 'pypi', sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    monkeypatch.setattr(releases, 'table', lambda: {'26.3.0': pinned})
    return pinned


def test_nothing_of_what_pypi_gives_is_run(tmp_path, pypi):
    assert obtain('26.3.0', tmp_path / 'work').version == '26.3.0'
    assert not (tmp_path / 'mark').exists()


def test_what_is_not_what_was_released_is_not_even_opened(tmp_path, sources, pypi, monkeypatch):
    monkeypatch.setattr(releases, 'table', lambda: {'26.3.0': pypi._replace(sha256='0' * 64)})
    said = refused(tmp_path, '26.3.0')
    assert 'is not what was released: its sha256 is not the pinned 0000' in said and 'pip config list' in said
    assert not (tmp_path / 'mark').exists() and not sources.exists()


@pytest.mark.parametrize('release, command', [('14.1.0', 'git'), ('26.3.0', 'python')])
def test_without_network_the_way_out_is_told(tmp_path, monkeypatch, release, command):
    """git and pip answer as they do without a network; the real ones would wait for time-outs."""
    def run(words, **_):
        assert command in words[0]
        return subprocess.CompletedProcess(words, 1, '', 'fatal: unable to access: Could not resolve host: x')
    monkeypatch.setattr(subprocess, 'run', run)
    monkeypatch.setattr('builder.common.tools.need', lambda wanted: None)
    text = refused(tmp_path, release)
    assert 'cannot be reached' in text and f'put nova-{release}.tar.gz into {cache.directory()}' in text


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    path = pack(tmp_path, 'nova.tar.gz')

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(shutil, 'copyfileobj', full)
    text = refused(tmp_path, path)
    assert 'no space left' in text and 'TMPDIR' in text


def test_the_tree_id_is_gits(tmp_path):
    path = fakenova.write(tmp_path / 'x')
    (path / 'nova/run.sh').write_text('#!/bin/sh\n')
    (path / 'nova/run.sh').chmod(0o755)
    (path / 'nova/network-').mkdir()
    (path / 'nova/network-/a').write_text('a')
    git = ['git', '-C', str(path)]
    for words in (['init', '-q'], ['add', 'nova']):
        subprocess.run([*git, *words], check=True)
    wanted = subprocess.run([*git, 'write-tree', '--prefix=nova/'], capture_output=True, text=True).stdout.strip()
    linked = fakenova.write(tmp_path / 'linked')
    shutil.copytree(path / 'nova', linked / 'nova', dirs_exist_ok=True)
    (linked / 'nova/network-/a').unlink()
    (linked / 'nova/network-/a').symlink_to('../../../x/nova/network-/a')
    assert inspect.tree_id(linked / 'nova').hex() == wanted
    (path / 'nova/__pycache__').mkdir()
    (path / 'nova/__pycache__/a.pyc').write_bytes(b'x')
    assert inspect.tree_id(path / 'nova').hex() == wanted
