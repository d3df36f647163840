"""Locks, notes and exports: nobody else can hold them, read them or lead them elsewhere, and nothing waits for ever."""

import os
import subprocess
import sys
import time

import pytest

HOLD = """
import fcntl, os, sys, time
lock = open(sys.argv[1], 'r+')
fcntl.flock(lock, fcntl.LOCK_EX)
lock.truncate(0)
lock.write(str(os.getpid()))
lock.flush()
print('held', flush=True)
time.sleep(60)
"""


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def refuse(number, text):
    def refused(*_):
        raise OSError(number, text)
    return refused


@pytest.fixture
def safefile(load):
    return load('safefile')


@pytest.fixture
def errors(load):
    return load('errors')


def test_a_lock_that_is_held_is_waited_for_so_long_and_no_longer_and_its_holder_named(safefile, errors, tmp_path):
    path, said = tmp_path / 'lock', []
    with safefile.lock(str(path), 1, said.append):
        assert path.read_text() == f'{os.getpid()}\n'
    with subprocess.Popen([sys.executable, '-c', HOLD, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == 'held\n'
        start = time.monotonic()
        with pytest.raises(errors.CascadingError, match=f'process {holder.pid} .*has held .* for 1 s'), \
                safefile.lock(str(path), 1, said.append):
            pytest.fail('two have the lock')
        assert time.monotonic() - start < 30  # it is held for 60
        assert [line for line in said if f'waiting for process {holder.pid}' in line] == said and len(said) == 1
        holder.kill()
    with safefile.lock(str(path), 1, said.append):
        assert path.stat().st_mode & 0o777 == 0o600


def linked(path, other):
    path.symlink_to(other)


def hard_linked(path, other):
    os.link(other, path)


def piped(path, other):
    os.mkfifo(path)


def writable(path, other):
    path.write_text('theirs')
    path.chmod(0o666)


@pytest.mark.parametrize('plant', [linked, hard_linked, piped, writable])
@pytest.mark.parametrize('use', ['lock', 'read'])
def test_what_somebody_may_have_planted_is_neither_read_nor_locked(safefile, errors, tmp_path, plant, use):
    other, path = tmp_path / 'other', tmp_path / 'note'
    other.write_text('precious')
    plant(path, other)
    with pytest.raises(errors.CascadingError, match=f'{path} is not a file that nova-cascading has made'):
        if use == 'read':
            safefile.read(str(path))
        else:
            with safefile.lock(str(path), 1, print):
                pytest.fail('locked')
    assert other.read_text() == 'precious'


@pytest.mark.parametrize('plant', [linked, piped])
def test_a_log_that_leads_elsewhere_or_never_ends_is_none(safefile, tmp_path, plant):
    other, path = tmp_path / 'other', tmp_path / 'log'
    other.write_text('precious')
    plant(path, other)
    assert safefile.end_of(str(path)) == b''
    assert safefile.end_of(str(other), 3) == b'ous' and safefile.end_of(str(tmp_path / 'none')) == b''


def test_a_note_takes_the_place_of_what_was_there_and_does_not_follow_a_link(safefile, tmp_path):
    other, path = tmp_path / 'other', tmp_path / 'note'
    other.write_text('precious')
    path.symlink_to(other)
    safefile.write(str(path), 'ours\n')
    assert safefile.read(str(path)) == 'ours\n' and other.read_text() == 'precious'
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ['note', 'other']


def test_there_is_no_note_where_none_was_written(safefile, tmp_path):
    assert safefile.read(str(tmp_path / 'none')) == ''


def test_an_export_is_there_whole_or_not_at_all(safefile, tmp_path):
    path = tmp_path / 'export'
    with pytest.raises(KeyboardInterrupt), safefile.new(str(path)) as out:
        out.write(b'half')
        raise KeyboardInterrupt
    assert names(tmp_path) == []
    with safefile.new(str(path)) as out:
        out.write(b'whole')
        assert not path.exists()
    assert path.read_bytes() == b'whole' and path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ['export']


@pytest.mark.parametrize('plant', [linked, hard_linked, piped, writable])
def test_an_export_overwrites_nothing(safefile, tmp_path, plant):
    other, path = tmp_path / 'other', tmp_path / 'export'
    other.write_text('precious')
    plant(path, other)
    with pytest.raises(OSError, match='File exists'), safefile.new(str(path)):
        pytest.fail('opened')
    with pytest.raises(OSError, match='File exists'):
        path.unlink()
        with safefile.new(str(path)) as out:
            out.write(b'ours')
            plant(path, other)  # while we write
    assert other.read_text() == 'precious'


def test_a_file_system_without_hard_links_does_not_keep_an_export_from_its_name(safefile, tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'link', refuse(1, 'no links here'))
    with safefile.new(str(tmp_path / 'export')) as out:
        out.write(b'whole')
    assert (tmp_path / 'export').read_bytes() == b'whole' and names(tmp_path) == ['export']


def test_a_full_disk_is_told_and_leaves_nothing_behind(safefile, tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'fsync', refuse(28, 'No space left on device'))
    with pytest.raises(OSError, match='No space left'):
        safefile.write(str(tmp_path / 'note'), 'x')
    with pytest.raises(OSError, match='No space left'), safefile.new(str(tmp_path / 'export')) as out:
        out.write(b'x')
    assert names(tmp_path) == []


@pytest.mark.parametrize(('mode', 'refused'), [(0o700, False), (0o755, False), (0o1777, False), (0o777, True),
                                               (0o775, True)])
def test_a_directory_in_which_others_can_replace_a_file_is_refused(safefile, errors, tmp_path, mode, refused):
    tmp_path.chmod(mode)
    if refused:
        with pytest.raises(errors.CascadingError, match='can be written by other users'):
            safefile.make_directory(str(tmp_path))
    else:
        safefile.make_directory(str(tmp_path))
    tmp_path.chmod(0o700)


@pytest.mark.parametrize('weak', ['bin', 'tools', 'tools/bin', 'tools/bin/uv-1', 'linked'])
def test_a_program_is_refused_where_others_could_replace_it_or_anything_that_leads_to_it(safefile, errors, tmp_path,
                                                                                         weak):
    for name in ('bin', 'tools/bin', 'linked'):
        (tmp_path / name).mkdir(parents=True, mode=0o755)
    (tmp_path / 'tools/bin/uv-1').touch(0o755)
    (tmp_path / 'linked/uv').symlink_to('../tools/bin/uv-1')
    (tmp_path / 'bin/uv').symlink_to(tmp_path / 'linked/uv')
    safefile.refuse_open_way(str(tmp_path / 'bin/uv'))
    (tmp_path / weak).chmod(0o777)
    with pytest.raises(errors.CascadingError, match='who could replace'):
        safefile.refuse_open_way(str(tmp_path / 'bin/uv'))


def test_a_new_directory_is_for_us_alone(safefile, tmp_path):
    os.umask(0o022)
    safefile.make_directory(str(tmp_path / 'one' / 'two'))
    assert (tmp_path / 'one').stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason='SKIPPED: needs root, to give a directory to somebody else')
def test_somebody_elses_directory_is_refused(safefile, errors, tmp_path):
    os.chown(tmp_path, 65534, 65534)
    for path in (tmp_path, tmp_path / 'new'):
        with pytest.raises(errors.CascadingError, match='belongs to another user'):
            safefile.make_directory(str(path))
    assert names(tmp_path) == []


@pytest.mark.parametrize(('text', 'shown'), [
    ('plain ü 中 text\nnext', 'plain ü 中 text\nnext'), ('\x1b[2J', r'\u001b[2J'), ('a\rb', r'a\u000db'),
    ('\x9b31m', r'\u009b31m'), ('a\u202eb', r'a\u202eb'), ('\udc80', r'\udc80'), ('\x00', r'\u0000')])
def test_names_from_elsewhere_cannot_steer_a_terminal(errors, text, shown):
    assert errors.printable(text) == shown
    assert str(errors.CascadingError(text, text)) == f'{shown}\n  {shown}'
