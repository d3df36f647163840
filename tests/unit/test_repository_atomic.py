"""A repository changes in one step or not at all, whoever works on it."""

import ctypes
import errno
import json
import os
import re
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from builder.commands import verify
from builder.common.errors import BuildError
from builder.common.project import PROJECT
from builder.repository import atomic
from builder.repository.atomic import at_rest, locked, replace, replacement
from tests import repositories
from tests.repositories import Publisher


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / 'repo'
    (root / 'pool').mkdir(parents=True)
    (root / 'pool/package').write_text('one')
    return root


def test_the_new_tree_takes_the_place_of_the_old_one(tree):
    with replacement(tree) as work:
        replace(work / 'pool/package', b'two', 0)
        assert (tree / 'pool/package').read_text() == 'one', 'readers see the old one meanwhile'
    assert (tree / 'pool/package').read_text() == 'two'


def test_a_reader_within_the_old_tree_reads_it_to_its_end(tree):
    """As rsync does, which keeps the directory open."""
    inside = os.open(tree / 'pool', os.O_RDONLY)
    with replacement(tree) as work:
        replace(work / 'pool/package', b'two', 0)
    assert os.read(os.open('package', os.O_RDONLY, dir_fd=inside), 99) == b'one'
    os.close(inside)


def test_a_failure_leaves_the_old_tree_and_nothing_beside_it(tree):
    with pytest.raises(BuildError), replacement(tree) as work:
        replace(work / 'pool/package', b'two', 0)
        raise BuildError('no signature')
    assert (tree / 'pool/package').read_text() == 'one'
    assert [path.name for path in tree.parent.iterdir()] == ['repo']


def test_a_full_disk_leaves_the_old_tree_and_says_so(tree):
    with pytest.raises(BuildError, match='No space left.*nothing was changed'), replacement(tree) as work:
        replace(work / 'pool/package', b'two', 0)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (tree / 'pool/package').read_text() == 'one'


def test_what_fails_for_thousands_of_files_is_told_once(tree, monkeypatch):
    for number in range(9):
        (tree / f'pool/{number}').touch()

    def full(*names, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), names[0])
    monkeypatch.setattr(os, 'link', full)
    said = r'No space left[^\n]* \(and 9 more\); nothing was changed'
    with pytest.raises(BuildError, match=said) as told, replacement(tree):
        pass
    assert len(told.value.what) < 400


def test_what_the_disk_could_not_take_after_all_is_not_switched_to(tree, monkeypatch):
    """Only the last word of the disk tells what it has lost of earlier writes."""
    def lost(descriptor):
        ctypes.set_errno(errno.EIO)
        return -1
    monkeypatch.setattr(atomic.ctypes, 'CDLL', lambda *names, **options: SimpleNamespace(syncfs=lost))
    with pytest.raises(BuildError, match='Input/output error.*nothing was changed'), replacement(tree) as work:
        replace(work / 'pool/package', b'two', 0)
    assert (tree / 'pool/package').read_text() == 'one'
    assert [path.name for path in tree.parent.iterdir()] == ['repo']


@pytest.mark.parametrize('mount', [
    '-t tmpfs none "$1"', '-t tmpfs none "$1"; mkdir "$1/pool"; : >"$1/pool/x"', '--bind "$1" "$1"',
    '--bind "$1/pool" "$1/pool"'], ids=['empty', 'of a file system', 'of a directory', 'in it'])
def test_a_mount_point_is_called_by_its_name(tree, mount):
    code = 'import sys; from pathlib import Path; from builder.repository.atomic import replacement\n' \
           'with replacement(Path(sys.argv[1])): pass'
    for number in range(999):
        (tree / f'pool/{number}').touch()
    (tree.parent / '.repo.next').mkdir()
    script = f'mount {mount} || exit 77; exec "$0" -c "$2" "$1"'
    done = subprocess.run(['unshare', '-m', 'sh', '-c', script, sys.executable, tree, code], cwd=PROJECT,
                          capture_output=True, text=True)
    if done.returncode == 77 or done.stderr.startswith('unshare: '):
        pytest.skip('SKIPPED: needs root with CAP_SYS_ADMIN, to mount')
    assert re.search('in one step: it is,?( or lies in,)? a mount point; nothing was changed', done.stderr), done.stderr
    assert len(done.stderr) < 9999
    # The tree before, in which a reader may still be, goes only where a new one can be made.
    before = ['.repo.next'] if mount.startswith('-t') else []
    assert sorted(path.name for path in tree.parent.iterdir()) == [*before, 'repo']


@pytest.mark.skipif(os.geteuid() != 0, reason='SKIPPED: needs root, to give a directory to another user')
def test_what_somebody_else_has_put_there_is_left_as_it_is(tree):
    foreign = tree.parent / '.repo.next'
    foreign.mkdir()
    (foreign / 'his').write_text('his')
    os.chown(foreign, 65534, 65534)
    with pytest.raises(BuildError, match='somebody else has put'), replacement(tree):
        pass
    assert (foreign / 'his').read_text() == 'his'


def test_what_a_killed_publisher_left_is_cleared_by_the_next(tree):
    stale = tree.parent / '.repo.next'
    stale.mkdir()
    (stale / 'half').write_text('half')
    with replacement(tree):
        pass
    assert not (tree / 'half').exists()


def order_beside_a_publisher(tree, other):
    """Who is done first, when another one, locked or at_rest, comes while a publisher is at work."""
    order = []

    def come():
        with other(tree):
            order.append('other')

    with locked(tree):
        waiting = threading.Thread(target=come)
        waiting.start()
        waiting.join(0.3)
        order.append('publisher')
    waiting.join()
    return order


def test_a_second_publisher_waits_and_says_so(tree, capfd):
    assert order_beside_a_publisher(tree, locked) == ['publisher', 'other']
    assert 'waiting: another publisher works on' in capfd.readouterr().err


def test_who_only_reads_waits_for_a_publisher_and_leaves_nothing(tree):
    with at_rest(tree):
        assert [path.name for path in tree.parent.iterdir()] == ['repo'], 'a lock of root would shut the owner out'
    assert order_beside_a_publisher(tree, at_rest) == ['publisher', 'other']


def test_a_lock_that_is_not_ours_is_named_with_the_way_out(tree, monkeypatch):
    def denied(*words):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    monkeypatch.setattr(atomic.os, 'open', denied)
    with pytest.raises(BuildError, match='--to DIR'), locked(tree):
        pass
    lock = tree.parent / '.repo.lock'
    lock.write_text('')
    with pytest.raises(BuildError, match=f'Next: rm {lock}, then run the same again'), locked(tree):
        pass
    with at_rest(tree):
        assert lock.exists()


def test_who_has_no_right_to_the_lock_looks_again_where_a_publisher_came_in_between(tree):
    looked = []

    def look():
        looked.append(1)
        if len(looked) < 3:
            with replacement(tree):
                error = BuildError('pool/package: changed')
            raise error
        return 'good'
    assert verify.undisturbed(tree, look) == 'good'

    def wrong():
        raise BuildError(f'pool/package: changed, seen {len(looked)} times')
    with pytest.raises(BuildError, match='seen 3 times'):
        verify.undisturbed(tree, wrong)


def test_two_publishers_at_once_lose_nothing(tmp_path):
    with repositories.signer() as home:
        repo = Publisher(tmp_path / 'repo', home)
        given = [repositories.deb(tmp_path / str(number), number) for number in (1, 2)]
        both = [subprocess.Popen(repo.command('publish', deb), env=repo.environment(), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL) for deb in given]
        assert [process.wait() for process in both] == [0, 0]
        state = json.loads((repo.root / 'state.json').read_text())
        assert {'1:2014.1.5-0ubuntu1+cascading1', '1:2014.1.5-0ubuntu1+cascading2'} < {
            entry['version'] for entry in state['suites']['icehouse-trusty']['packages'].values()}
        repo('verify')
