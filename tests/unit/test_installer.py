"""Installing into a small nova and taking it out again: nothing is lost, and nothing unknown is touched."""

import os
import shutil
import subprocess
import sys

import pytest
from installer_bed import (
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

PYTHONS = [path for path in map(shutil.which, ('python2.6', 'python2.7', 'python3')) if path]


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


@pytest.fixture(params=PYTHONS)
def any_python(request, tmp_path):
    return Bed(tmp_path, python=request.param)


def test_install_gives_the_fork_and_uninstall_gives_back_every_byte_mode_owner_and_time(any_python):
    bed = any_python
    (bed.parent / MODELS_PATH).chmod(0o640)
    before = snapshot(bed.parent)
    done = bed.install()
    assert done.returncode == 0, done.stderr
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}
    assert (bed.parent / MODELS_PATH).stat().st_mode & 0o777 == 0o640
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


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


def test_a_second_install_changes_nothing_and_looks_after_the_database(bed):
    bed.install()
    before = snapshot(bed.parent)
    done = bed.install()
    assert (done.returncode, 'already installed' in done.stdout) == (0, True)
    assert snapshot(bed.parent) == before
    assert bed.called() == ['db sync', 'db sync']


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


def test_uninstall_shows_what_somebody_changed_since_and_touches_nothing(bed):
    bed.install()
    with (bed.parent / MODELS_PATH).open('a') as stream:
        stream.write('# a hot fix\n')
    before = snapshot(bed.parent)
    done = bed.uninstall()
    assert done.returncode == 1
    assert '+# a hot fix' in done.stderr and 'cp -a' in done.stderr
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


def test_a_newer_bundle_replaces_an_installed_one_and_uninstall_still_gives_the_original(bed, tmp_path):
    before = snapshot(bed.parent)
    bed.install()
    bed.bundle = bed.unpack(fork_of(tmp_path / 'newer', {**ADDED, 'nova/cascading/more.py': b'MORE = 1\n'}), 'newer')
    done = bed.install()
    assert done.returncode == 0, done.stderr
    assert (bed.parent / 'nova/cascading/more.py').exists()
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


def test_files_copied_by_hand_are_recognised_and_can_be_taken_out(bed):
    shutil.copytree(bed.bundle / 'nova', bed.parent / 'nova', dirs_exist_ok=True)
    done = bed.install()
    assert done.returncode == 0, done.stderr
    assert bed.uninstall().returncode == 0
    assert contents(bed.parent) == STOCK


def test_a_local_change_elsewhere_in_a_file_is_kept_through_install_and_uninstall(bed):
    (bed.parent / MODELS_PATH).write_bytes(MODELS.replace(b'class Base', b'# local\nclass Base'))
    before = snapshot(bed.parent)
    done = bed.install()
    assert done.returncode == 0, done.stderr
    text = (bed.parent / MODELS_PATH).read_bytes()
    assert b'# local\n' in text and text.count(b'mapping_uuid') == 1
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


@pytest.mark.parametrize('path, content', [
    (MODELS_PATH, MODELS.replace(b"    host = 'Column'\n", b"    host = 'Text'\n")),
    (INSTANCE_PATH, INSTANCE.replace(b'    }\n', b'    } + {}\n').replace(b"'UUIDField'", b"'StringField'")),
    ('nova/cascading/__init__.py', b'# somebody else\n'),
])
def test_a_file_that_does_not_take_the_change_cleanly_is_refused(bed, path, content):
    (bed.parent / path).parent.mkdir(exist_ok=True)
    (bed.parent / path).write_bytes(content)
    before = snapshot(bed.parent)
    done = bed.install()
    assert done.returncode == 1
    assert path in done.stderr and './build.sh installer' in done.stderr
    assert snapshot(bed.parent) == before


def test_a_change_that_would_land_in_another_class_is_refused(bed):
    """The context fits there without fuzz: only the syntax tree tells the two places apart."""
    text = MODELS.replace(b'class Instance', b'class Gone').replace(b'class Service', b'class Instance')
    (bed.parent / MODELS_PATH).write_bytes(text)
    done = bed.install()
    assert done.returncode == 1
    assert 'nothing was changed' in done.stderr
    assert (bed.parent / MODELS_PATH).read_bytes() == text


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


def test_only_tree_is_meant_when_none_is_named(bed):
    bed.install()
    words = ['sh', bed.bundle / 'installation/uninstall.sh', '--no-restart', '--state-dir', bed.state]
    assert subprocess.run(words, capture_output=True).returncode == 0
    assert contents(bed.parent) == STOCK
