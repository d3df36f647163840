"""What the installer refuses before it changes anything, and what it undoes when it cannot go on."""

import fcntl
import shlex
import shutil
import subprocess

import pytest

from tests.installer_bed import ADDED, FORKED, MODELS_PATH, STOCK, Bed, contents, snapshot


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


def refused(bed, done, reason):
    assert done.returncode == 1
    assert reason in done.stderr
    assert 'Next: ' in done.stderr
    assert contents(bed.parent) == STOCK


def test_a_changed_file_in_the_bundle(bed):
    (bed.bundle / MODELS_PATH).write_bytes(b'pwned = True\n')
    refused(bed, bed.install(), MODELS_PATH)


def test_a_changed_manifest(bed):
    path = bed.bundle / 'manifest.json'
    path.write_bytes(path.read_bytes().replace(b'2014.1.5', b'2014.1.4'))
    refused(bed, bed.install(), 'manifest.json')


def test_a_changed_installer(bed):
    with (bed.bundle / 'installation/installer/install.py').open('a') as stream:
        stream.write('print("hello")\n')
    refused(bed, bed.install(), 'install.py')


def test_a_symbolic_link_in_the_tree(bed):
    real = bed.work / 'elsewhere.py'
    shutil.move(bed.parent / MODELS_PATH, real)
    (bed.parent / MODELS_PATH).symlink_to(real)
    refused(bed, bed.install(), 'symbolic link')


def named(done):
    """The shell's commands of the last message."""
    return done.stderr.rpartition('Next: ')[2].rpartition(': ')[2]


def test_a_tree_of_links_to_files_is_left_alone_and_can_be_made_one_of_files_as_told(bed):
    cache, whole = bed.work / 'cache', {**STOCK, **ADDED, **FORKED}
    shutil.copytree(bed.parent, cache)
    for path in STOCK:
        (bed.parent / path).unlink()
        (bed.parent / path).symlink_to(cache / path)
    for words in (['--dry-run'], ['--no-db']):
        refused(bed, bed.install(*words), 'UV_LINK_MODE=copy')
    subprocess.run(named(bed.install()), shell=True, check=True)
    assert bed.install().returncode == 0
    assert {path: (bed.parent / path).read_bytes() for path in whole} == whole
    assert contents(cache) == STOCK


def test_a_nova_that_is_a_link_is_installed_where_it_leads_as_told(bed):
    real = bed.work / 'real'
    shutil.move(bed.parent, real)
    bed.parent.mkdir()
    (bed.parent / 'nova').symlink_to(real / 'nova')
    done = bed.install()
    assert done.returncode == 1 and contents(real) == STOCK
    assert bed.install(*shlex.split(done.stderr.rpartition('to: ')[2])).returncode == 0
    assert contents(real) == {**STOCK, **ADDED, **FORKED}


def test_a_second_installer_at_the_same_time(bed):
    bed.state.mkdir()
    with (bed.state / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(bed, bed.install(), 'another installer')


def test_a_directory_without_nova(bed):
    shutil.rmtree(bed.parent)
    bed.parent.mkdir()
    done = bed.install()
    assert (done.returncode, 'holds no nova/' in done.stderr) == (1, True)


def test_a_database_that_cannot_be_migrated_now(bed):
    done = bed.install(fail='preflight')
    refused(bed, done, 'a long transaction')
    assert bed.journals() == []


def test_a_failed_migration_undoes_the_files(bed):
    before = snapshot(bed.parent)
    done = bed.install(fail='sync')
    assert done.returncode == 1
    assert 'db sync ended with status 1' in done.stderr and 'Every file is what it was before' in done.stderr
    assert snapshot(bed.parent) == before
    assert bed.journals() == []


def test_wrong_usage_is_status_2(bed):
    assert bed.install('--frobnicate').returncode == 2


def test_a_damaged_backup_stops_uninstall_before_it_starts(bed):
    bed.install()
    before = snapshot(bed.parent)
    (bed.state / bed.journals()[0] / 'before' / MODELS_PATH).write_bytes(b'')
    done = bed.uninstall()
    assert (done.returncode, 'is damaged' in done.stderr) == (1, True)
    assert snapshot(bed.parent) == before
