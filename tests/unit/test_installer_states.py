"""The table of docs/unpackaged-hosts.md: whatever others have made of a tree, each script leads out of it."""

import os
import shlex
import shutil
import subprocess

import pytest

from tests.installer_bed import (
    ADDED,
    FORKED,
    MODELS_PATH,
    STOCK,
    Bed,
    contents,
    fork_of,
    part,
    snapshot,
    write_tree,
)
from tests.installer_happenings import (
    MORE,
    NEXT,
    git_cleans,
    git_puts_one_back,
    is_clean,
    is_deleted,
    its_file_system_is_unmounted,
    pip_installs_the_fork,
    pip_reinstalls,
    pip_uninstalls,
    pip_upgrades,
    put,
    replace,
    run,
    said,
    somebody_edits,
    two_releases_are_mixed,
)


@pytest.fixture
def bed(forked):
    return forked


# --- uninstall.sh ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('happens, left', [
    *((happens, STOCK) for happens in (pip_reinstalls, git_puts_one_back, git_cleans)),
    (pip_upgrades, NEXT), (pip_uninstalls, {}), (is_deleted, {})])
def test_uninstall_takes_away_what_is_ours_and_leaves_the_rest(bed, happens, left):
    happens(bed)
    assert run(bed, 'uninstall') == 0, said(bed)
    assert is_clean(bed, left)


def test_after_pip_uninstall_there_is_no_nova_to_import_left(bed):
    pip_uninstalls(bed)
    (bed.parent / 'nova/api/__pycache__').mkdir(parents=True)
    assert run(bed, 'uninstall') == 0
    assert not (bed.parent / 'nova').exists()


@pytest.mark.parametrize('happens', [somebody_edits, two_releases_are_mixed])
@pytest.mark.parametrize('action', ['uninstall', 'install', 'newer'])
def test_what_nobody_can_decide_is_shown_and_left(bed, tmp_path, happens, action):
    happens(bed)
    before = snapshot(bed.parent)
    assert (replace(bed, tmp_path) if action == 'newer' else run(bed, action)) == 1
    assert MODELS_PATH in said(bed) and '--forget' in said(bed)
    assert snapshot(bed.parent) == before


def type_in(bed, command):
    """Type a command that a message named, without its sudo; returns what it printed."""
    words = command.partition('sudo ')[2] if 'sudo ' in command else command
    done = subprocess.run([*shlex.split(words), *(['--no-restart'] if '.sh' in words else [])], capture_output=True,
                          text=True, cwd='/')
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def named(bed):
    """The commands of the last message."""
    return said(bed).rpartition('Next: ')[2].strip()


def test_the_commands_named_for_an_edited_file_lead_out(bed):
    somebody_edits(bed)
    run(bed, 'uninstall')
    type_in(bed, named(bed).partition('e.g. ')[2].partition('; or, ')[0])
    assert run(bed, 'uninstall') == 0 and is_clean(bed, STOCK)


def test_one_whole_nova_as_told_leads_out_of_two_mixed(bed):
    two_releases_are_mixed(bed)
    run(bed, 'uninstall')
    assert 'put one whole nova there' in named(bed)
    pip_reinstalls(bed)
    assert run(bed, 'uninstall') == 0 and is_clean(bed, STOCK)


@pytest.mark.parametrize('happens', [somebody_edits, two_releases_are_mixed, its_file_system_is_unmounted])
def test_the_command_to_forget_is_named_so_that_it_can_be_typed(bed, happens):
    happens(bed)
    run(bed, 'uninstall')
    words = named(bed).rpartition(': ')[2]
    script = f"sh '{bed.state / bed.journals()[0]}/installation/uninstall.sh'"
    command = words if words.startswith('sudo') else f'{script} {words}'
    before = snapshot(bed.work)
    assert 'Nothing was changed' in type_in(bed, command)
    assert snapshot(bed.work) == before
    assert 'forgotten' in type_in(bed, command + ' --yes')
    assert run(bed, 'uninstall') == 0 and 'nothing is installed' in said(bed)


def test_forget_shows_first_then_keeps_everything_and_opens_the_way_to_a_new_start(bed):
    two_releases_are_mixed(bed)
    before = snapshot(bed.work)
    assert run(bed, 'uninstall', '--forget') == 0
    assert f'foreign  {bed.parent / MODELS_PATH}' in said(bed)
    (bed.work / 'said').unlink()
    assert snapshot(bed.work) == before
    assert run(bed, 'uninstall', '--forget', '--yes') == 0
    kept, = bed.journals()
    assert 'forgotten' in kept and (bed.state / kept / 'before' / MODELS_PATH).read_bytes() == STOCK[MODELS_PATH]
    assert run(bed, 'uninstall') == 0 and 'nothing is installed' in said(bed)
    assert bed.journals() == [kept]


def test_the_fork_from_pip_is_pips_and_only_the_journal_goes(bed):
    pip_installs_the_fork(bed)
    before = contents(bed.parent)
    assert run(bed, 'install') == 1 and 'pip has installed the fork itself' in said(bed)
    assert run(bed, 'uninstall') == 0, said(bed)
    assert is_clean(bed, before)


def test_a_tree_whose_file_system_is_not_mounted_keeps_its_journal(bed):
    kept = bed.journals()
    its_file_system_is_unmounted(bed)
    assert run(bed, 'uninstall') == 1
    assert 'mount it' in said(bed) and bed.journals() == kept
    other = bed.work / 'other'
    write_tree(other, STOCK)
    assert run(bed, 'install', '--nova-parent', str(other)) == 0, said(bed)
    assert set(kept) < set(bed.journals()) and 'is gone' not in said(bed)


def test_a_dead_trees_own_copy_of_uninstall_touches_no_other_tree(bed):
    other = bed.work / 'other'
    write_tree(other, STOCK)
    assert bed.direct('install', '', '--nova-parent', str(other)) == 0
    journal = bed.state / bed.journals()[0]
    shutil.rmtree(bed.parent)
    dead, = [path for path in bed.state.iterdir() if 'opt-stack' in path.name]
    done = bed.run(dead / 'installation/uninstall.sh', '--no-restart')
    assert done.returncode == 0, done.stderr
    assert contents(other) == {**STOCK, **ADDED, **FORKED} and journal


def test_the_column_of_a_dead_tree_is_not_dropped_in_silence(bed):
    is_deleted(bed)
    assert run(bed, 'uninstall', '--drop-column') == 1
    assert 'without --drop-column' in said(bed)


# --- install.sh ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('happens', [pip_reinstalls, git_puts_one_back, git_cleans])
def test_the_same_bundle_puts_in_again_what_was_put_back(bed, happens):
    happens(bed)
    assert run(bed, 'install') == 0, said(bed)
    assert 'put back by somebody' in said(bed)
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}
    assert bed.direct('uninstall') == 0 and is_clean(bed, STOCK)


def test_the_same_bundle_changes_no_file_of_another_release(bed):
    pip_upgrades(bed)
    before = snapshot(bed.parent)
    assert run(bed, 'install') == 1
    assert 'this is not nova 2014.1.5' in said(bed)
    assert snapshot(bed.parent) == before


@pytest.mark.parametrize('happens', [lambda bed: None, pip_reinstalls, git_puts_one_back, git_cleans])
def test_a_newer_bundle_installs_over_it(bed, tmp_path, happens):
    happens(bed)
    assert replace(bed, tmp_path) == 0, said(bed)
    assert contents(bed.parent) == {**STOCK, **MORE, **FORKED}
    assert bed.direct('uninstall') == 0 and is_clean(bed, STOCK)


def test_modules_that_a_newer_bundle_has_moved_leave_neither_files_nor_byte_code(bed, tmp_path):
    """A folder of the name of an old module stands beside that one's byte code, as Python 2 and 3 write it."""
    old = {**ADDED, **{f'nova/cascading/{name}.py': b'"old"\n' for name in ('moved', 'room/__init__', 'room/a')}}
    bed.bundle = bed.unpack(fork_of(tmp_path / 'old source', old), 'old')
    assert bed.direct('install') == 0, said(bed)
    for name in ('moved.pyc', '__pycache__/moved.cpython-311.pyc', 'room/a.pyo', 'room/__pycache__/a.cpython-312.pyc'):
        (bed.parent / 'nova/cascading' / name).parent.mkdir(exist_ok=True)
        (bed.parent / 'nova/cascading' / name).write_bytes(b'compiled')
    new = {**ADDED, 'nova/cascading/moved/__init__.py': b'"new"\n', 'nova/cascading/hall/a.py': b'"new"\n'}
    bed.bundle = bed.unpack(fork_of(tmp_path / 'new source', new), 'new')
    assert bed.direct('install') == 0, said(bed)
    assert contents(bed.parent) == {**STOCK, **new, **FORKED}
    assert not (bed.parent / 'nova/cascading/room').exists()
    assert bed.direct('uninstall') == 0 and is_clean(bed, STOCK)


def test_a_newer_release_takes_its_own_bundle_over_the_old_ones_leftovers(bed, tmp_path):
    pip_upgrades(bed)
    assert replace(bed, tmp_path, NEXT) == 0, said(bed)
    assert b'mapping_uuid' in (bed.parent / MODELS_PATH).read_bytes()
    assert bed.direct('uninstall') == 0 and is_clean(bed, NEXT)


def test_a_new_tree_beside_a_deleted_one_closes_that_ones_journal(bed):
    shutil.move(bed.parent, bed.work / 'new')
    shutil.rmtree(bed.work / 'new')
    write_tree(bed.work / 'new', STOCK)
    assert run(bed, 'install', '--nova-parent', str(bed.work / 'new')) == 0, said(bed)
    assert 'is gone' in said(bed) and len(bed.journals()) == 1


def test_a_replacement_that_fails_brings_the_earlier_bundle_back(bed, tmp_path):
    before = contents(bed.parent)
    bed.bundle = bed.unpack(fork_of(tmp_path / 'newer source', MORE), 'newer')
    assert bed.direct('install', fail='sync') == 1
    assert contents(bed.parent) == before
    assert len(bed.journals()) == 1
    assert bed.direct('uninstall') == 0 and is_clean(bed, STOCK)


@pytest.mark.parametrize('record', [
    {'nova-1.dist-info/RECORD': b'nova/cascading/__init__.py,sha256=x,9\n'},
    {'nova.egg-info/PKG-INFO': b'Name: nova\nSummary: Cloud; forked by nova-cascading 2, revision 1, from nova\n'}])
def test_the_fork_that_pip_has_installed_is_refused_with_a_sentence(tmp_path, record):
    bed = Bed(tmp_path)
    write_tree(bed.parent, {**ADDED, **FORKED, **record})
    before = snapshot(bed.parent)
    for words in ([], ['--dry-run']):
        assert run(bed, 'install', *words) == 1
        assert 'pip has installed the fork itself' in said(bed)
    assert snapshot(bed.parent) == before


def test_a_list_of_sources_made_while_the_fork_was_in_is_no_installation_by_pip(bed):
    """`pip install -e` writes it anew: all Python files that it finds in the tree."""
    write_tree(bed.parent, {'nova.egg-info/SOURCES.txt': b'nova/cascading/__init__.py\n'})
    assert bed.direct('uninstall') == 0
    assert bed.direct('install') == 0
    assert bed.direct('uninstall') == 0


def test_a_moved_tree_has_no_journal_but_install_and_uninstall_lead_out(bed):
    moved = bed.work / 'moved'
    bed.parent.rename(moved)
    assert run(bed, 'install', '--nova-parent', str(moved)) == 0
    assert 'is gone' in said(bed) and len(bed.journals()) == 1
    assert run(bed, 'uninstall', '--nova-parent', str(moved)) == 0
    assert contents(moved) == STOCK


def test_a_moved_tree_takes_another_bundle_once_the_old_ones_folder_is_gone_as_told(bed, tmp_path):
    moved, other = bed.work / 'moved', {**ADDED, 'nova/cascading/__init__.py': b'"""Of the next fork."""\n'}
    bed.parent.rename(moved)
    bed.bundle = bed.unpack(fork_of(tmp_path / 'other', other), 'newer')
    assert run(bed, 'install', '--nova-parent', str(moved)) == 1
    assert contents(moved) == {**STOCK, **ADDED, **FORKED}
    type_in(bed, named(bed).partition(', then')[0].replace('/var/tmp', str(tmp_path)))
    assert run(bed, 'install', '--nova-parent', str(moved)) == 0, said(bed)
    assert run(bed, 'uninstall', '--nova-parent', str(moved)) == 0
    assert contents(moved) == STOCK


def test_what_is_no_regular_file_any_more_is_shown_and_not_read(bed):
    (bed.parent / MODELS_PATH).unlink()
    os.mkfifo(bed.parent / MODELS_PATH)
    for action in ('install', 'uninstall'):
        assert run(bed, action) == 1 and 'is no regular file' in said(bed)


def test_a_file_system_that_keeps_whole_seconds_makes_nobody_else_of_us(bed):
    """As after an uninstallation that was killed between two renames."""
    journal, target = bed.state / bed.journals()[0], bed.parent / MODELS_PATH
    shutil.copy(journal / 'before' / MODELS_PATH, target)
    os.utime(target, (int((journal / 'before' / MODELS_PATH).stat().st_mtime),) * 2)
    (journal / 'state').write_text('uninstalling\n')
    assert run(bed, 'uninstall') == 0 and 'every file is what it was' in said(bed)


def test_the_forks_files_that_git_stash_pop_brings_back_are_not_the_original_of_2014(bed):
    assert bed.direct('uninstall') == 0
    put(bed, FORKED)
    assert run(bed, 'install') == 0
    assert bed.direct('uninstall') == 0 and is_clean(bed, STOCK)


def test_another_release_in_which_the_change_happens_to_apply_is_refused(bed):
    assert bed.direct('uninstall') == 0
    other = {MODELS_PATH: STOCK[MODELS_PATH] + b'\n\nclass Later(Base):\n    pass\n', 'nova/manager.py': b'# later\n'}
    put(bed, other)
    before = snapshot(bed.parent)
    for words in ([], ['--dry-run']):
        assert run(bed, 'install', *words) == 1
        assert 'another nova than 2014.1.5' in said(bed) and 'build.sh installer' in said(bed)
    assert snapshot(bed.parent) == before


def test_whatever_the_umask_nobody_else_can_write_the_journal(tmp_path):
    bed, before = Bed(tmp_path), os.umask(0)
    try:
        assert bed.direct('install') == 0
    finally:
        os.umask(before)
    assert not [path for path in bed.state.rglob('*') if path.stat().st_mode & 0o022]


def test_a_file_that_is_mounted_by_itself_is_refused():
    checks = part('checks')
    checks.check_mounts(['/proc/version'])
    with pytest.raises(part('say').Refusal, match='^/proc is mounted'):
        checks.check_mounts(['/proc/version', '/proc'])


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root, as the installer does')
def test_a_journal_that_somebody_else_has_planted_is_not_believed(bed):
    journal = bed.state / bed.journals()[0]
    os.chown(journal, 65534, 65534)
    bed.state.chmod(0o1777)
    for action in ('install', 'uninstall'):
        assert run(bed, action) == 1
        assert f'{journal} belongs to the user nobody' in said(bed)


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root, as the installer does')
def test_a_file_that_chattr_has_locked_is_named_before_anything_changes(bed, tmp_path):
    assert bed.direct('uninstall') == 0
    if os.system(f"chattr +i '{bed.parent / MODELS_PATH}' 2> /dev/null"):
        pytest.skip('this file system has no attributes')
    try:
        for words in (['--dry-run'], []):
            assert run(bed, 'install', *words) == 1
            assert 'is immutable' in said(bed) and 'chattr -i' in said(bed)
        assert is_clean(bed, STOCK)
    finally:
        os.system(f"chattr -i '{bed.parent / MODELS_PATH}'")
