"""What install.sh and uninstall.sh promise, on a small nova: twice, replaced, by hand, in any shell."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.installer_bed import (
    ADDED,
    FORKED,
    INSTANCE,
    INSTANCE_PATH,
    MODELS,
    MODELS_PATH,
    STOCK,
    Bed,
    contents,
    fork_of,
    snapshot,
)
from tests.installer_happenings import pip_installs_the_fork


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


@pytest.mark.parametrize('shell', ['dash', 'busybox sh', 'bash --posix'])
def test_any_posix_shell_runs_it(tmp_path, shell):
    if not shutil.which(shell.split()[0]):
        pytest.skip(f'{shell} is not installed here')
    bed = Bed(tmp_path, shell=shell)
    assert bed.install().returncode == 0
    assert bed.uninstall().returncode == 0
    assert contents(bed.parent) == STOCK


def test_the_database_is_synchronized_and_nothing_else_is_asked_of_it(bed):
    bed.install()
    bed.uninstall()
    assert bed.called() == ['db sync']


def test_no_db_leaves_the_database_alone_and_says_what_is_left_to_do(bed):
    done = bed.install('--no-db')
    assert bed.called() == []
    assert 'nova-cascading db sync' in done.stdout


def test_dry_run_names_every_file_and_writes_nothing(bed):
    before = snapshot(bed.work)
    done = bed.install('--dry-run')
    assert done.returncode == 0, done.stderr
    assert all(str(bed.parent / path) in done.stdout for path in [*ADDED, *FORKED])
    assert snapshot(bed.work) == before


def test_a_second_uninstall_says_that_nothing_is_installed(bed):
    bed.install()
    bed.uninstall()
    done = bed.uninstall()
    assert (done.returncode, 'nothing is installed' in done.stdout) == (0, True)


def test_uninstall_works_when_the_bundle_is_gone(bed):
    bed.install()
    shutil.rmtree(bed.bundle)
    journal = bed.state / bed.journals()[0]
    environment = dict(os.environ, NOVA_TEST_CALLS=str(bed.calls))
    done = subprocess.run(['sh', journal / 'installation/uninstall.sh', '--no-restart'], env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert contents(bed.parent) == STOCK


def test_bytecode_of_changed_files_goes_and_comes_back(bed):
    stale = bed.parent / (MODELS_PATH + 'c')
    cached = bed.parent / 'nova/objects/__pycache__/instance.cpython-311.pyc'
    cached.parent.mkdir()
    for path in (stale, cached):
        path.write_bytes(b'compiled from stock')
    before = snapshot(bed.parent)
    bed.install()
    assert not stale.exists() and not cached.exists()
    cached.write_bytes(b'compiled from the fork')
    (bed.parent / 'nova/cascading/__pycache__').mkdir()
    (bed.parent / 'nova/cascading/__pycache__/__init__.cpython-311.pyc').write_bytes(b'compiled from the fork')
    bed.uninstall()
    assert snapshot(bed.parent) == before


def test_files_that_others_put_into_our_folders_stay(bed):
    bed.install()
    (bed.parent / 'nova/cascading/notes.txt').write_text('mine')
    done = bed.uninstall()
    assert (done.returncode, 'not ours' in done.stdout) == (0, True)
    assert contents(bed.parent) == {**STOCK, 'nova/cascading/notes.txt': b'mine'}


def test_drop_column_asks_the_command_that_exports_first_once_stock_code_is_back(bed):
    bed.install()
    assert bed.uninstall('--drop-column').returncode == 0
    assert bed.called()[1].startswith('db rollback')


@pytest.fixture
def gone(bed, tmp_path):
    """A virtualenv's tree with the fork in it, whose Python a distribution upgrade has taken away."""
    bed.python = tmp_path / 'venv/bin/python'
    bed.python.parent.mkdir(parents=True)
    bed.python.symlink_to(sys.executable)
    assert bed.install().returncode == 0
    bed.python.unlink()
    bed.python.symlink_to('/usr/bin/python3.0')
    return bed


@pytest.mark.parametrize('words', [['--python', sys.executable], []])
def test_without_the_python_that_could_drop_the_column_nothing_changes_and_both_ways_named_work(gone, words):
    bed, before = gone, snapshot(gone.work)
    done = bed.uninstall('--drop-column')
    assert done.returncode == 1 and 'No such file or directory' in done.stdout
    assert all(name in done.stderr for name in ('--python PYTHON', 'without --drop-column'))
    assert snapshot(bed.work) == before
    assert bed.uninstall(*words, *(['--drop-column'] if words else [])).returncode == 0
    assert contents(bed.parent) == STOCK
    assert bed.called()[1:] == [call for call in ['db rollback --drop-column --force'] if words]


def test_a_python_that_cannot_run_the_command_is_known_before_the_tree_is_taken_back(bed):
    bed.install()
    before = snapshot(bed.work)
    done = bed.uninstall('--drop-column', fail='rollback')
    assert done.returncode == 1 and 'nothing was changed' in done.stderr
    assert snapshot(bed.work) == before


def test_where_pip_has_the_fork_by_now_its_own_command_drops_the_column(bed):
    bed.install()
    pip_installs_the_fork(bed)
    done = bed.uninstall('--drop-column')
    assert done.returncode == 1 and 'Next: nova-cascading db rollback --drop-column' in done.stderr
    assert bed.journals() and bed.uninstall().returncode == 0


def test_a_newer_bundle_replaces_an_installed_one_and_uninstall_still_gives_the_original(bed, tmp_path):
    before = snapshot(bed.parent)
    bed.install()
    bed.bundle = bed.unpack(fork_of(tmp_path / 'newer', {**ADDED, 'nova/cascading/more.py': b'MORE = 1\n'}), 'newer')
    done = bed.install()
    assert done.returncode == 0, done.stderr
    assert (bed.parent / 'nova/cascading/more.py').exists()
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


def test_an_older_bundle_replaces_a_newer_one_and_dry_run_names_what_goes(bed, tmp_path):
    older = bed.bundle
    bed.bundle = bed.unpack(fork_of(tmp_path / 'newer', {**ADDED, 'nova/cascading/more.py': b'MORE = 1\n'}), 'newer')
    bed.install()
    bed.bundle, more = older, bed.parent / 'nova/cascading/more.py'
    assert f'would remove {more}' in bed.install('--dry-run').stdout
    assert bed.install().returncode == 0
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}
    assert bed.uninstall().returncode == 0
    assert contents(bed.parent) == STOCK


def test_files_copied_by_hand_with_their_byte_code_are_recognised_and_leave_no_folder(bed):
    before = folders(bed.parent)
    shutil.copytree(bed.bundle / 'nova', bed.parent / 'nova', dirs_exist_ok=True)
    for name in ('__init__.pyc', 'host/__pycache__/preflight.cpython-311.pyc'):
        (bed.parent / 'nova/cascading' / name).parent.mkdir(exist_ok=True)
        (bed.parent / 'nova/cascading' / name).write_bytes(b'compiled')
    done = bed.install()
    assert done.returncode == 0, done.stderr
    assert bed.uninstall().returncode == 0
    assert contents(bed.parent) == STOCK and folders(bed.parent) == before


def test_an_empty_folder_that_was_there_stays(bed):
    (bed.parent / 'nova/cascading/host').mkdir(parents=True)
    before = snapshot(bed.parent)
    assert bed.install().returncode == bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


def folders(top):
    return {path for path in top.rglob('*') if path.is_dir()}


@pytest.mark.parametrize('path, content, hint', [
    (MODELS_PATH, MODELS.replace(b"    host = 'Column'\n", b"    host = 'Text'\n"), './build.sh installer'),
    (INSTANCE_PATH, INSTANCE.replace(b'    }\n', b'    } + {}\n').replace(b"'UUIDField'", b"'StringField'"),
     './build.sh installer'),
    ('nova/cascading/__init__.py', b'# somebody else\n', 'nova/cascading\' /var/tmp/'),
])
def test_a_file_that_does_not_take_the_change_cleanly_is_refused(bed, path, content, hint):
    (bed.parent / path).parent.mkdir(exist_ok=True)
    (bed.parent / path).write_bytes(content)
    before = snapshot(bed.parent)
    done = bed.install()
    assert done.returncode == 1
    assert path in done.stderr and hint in done.stderr
    assert snapshot(bed.parent) == before


def test_the_console_command_goes_beside_nova_manage_and_goes_again(bed):
    programs = bed.work / 'venv/bin'
    programs.mkdir(parents=True)
    (programs / 'python').symlink_to(sys.executable)
    (programs / 'nova-manage').write_text('#!/bin/sh\n')
    (programs / 'nova-manage').chmod(0o755)
    bed.python = programs / 'python'
    assert bed.install().returncode == 0
    assert os.access(programs / 'nova-cascading', os.X_OK)
    assert str(programs / 'python') in (programs / 'nova-cascading').read_text()
    bed.uninstall()
    assert not (programs / 'nova-cascading').exists()


def test_the_console_command_of_a_copied_tree_goes_as_well(bed):
    """cp -a of a virtualenv with the fork in it: the command there runs the first one's Python."""
    programs = bed.work / 'venv/bin'
    programs.mkdir(parents=True)
    (programs / 'python').symlink_to(sys.executable)
    (programs / 'nova-manage').write_text('#!/bin/sh\n')
    bed.python = programs / 'python'
    assert bed.install().returncode == 0
    copied = (programs / 'nova-cascading').read_bytes().replace(b'venv/bin', b'first/bin')
    assert bed.uninstall().returncode == 0
    (programs / 'nova-cascading').write_bytes(copied)
    assert bed.install().returncode == 0
    assert (programs / 'nova-cascading').read_bytes() != copied
    assert bed.uninstall().returncode == 0
    assert not (programs / 'nova-cascading').exists()


def test_only_tree_is_meant_when_none_is_named(bed):
    bed.install()
    words = ['sh', bed.bundle / 'installation/uninstall.sh', '--no-restart', '--state-dir', bed.state]
    assert subprocess.run(words, capture_output=True).returncode == 0
    assert contents(bed.parent) == STOCK
