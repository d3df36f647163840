"""Whatever ends a run, it is undone or completed at once: a signal or an I/O error at every fault point, a terminal
that has gone away. Only SIGKILL (410), and a disk that fails on the way back, leave something to the next run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.installer_bed import ADDED, FORKED, HEARING, STOCK, Bed, contents, fork_of, snapshot

FEWEST = 15  # so many points the smallest run has; fewer mean that the counting is broken
KINDS = ('KILL', 'EIO', 'TERM')
SLOW = b'''import os, sys, time
if sys.argv[1:2] == ['db']:
    open(os.environ['NOVA_TEST_CALLS'], 'a').write(str(os.getpid()) + chr(10))
    time.sleep(600)
'''


@pytest.fixture
def bed(tmp_path, monkeypatch):
    made = Bed(tmp_path)
    made.hasten(monkeypatch)
    return made


def reset(bed, original):
    bed.reset()
    shutil.rmtree(bed.parent)
    shutil.copytree(original, bed.parent)


def test_an_installation_is_undone(bed):
    """Signals and I/O errors take turns; before the journal is complete (point 40), every second point is enough."""
    original = shutil.copytree(bed.parent, bed.work / 'original')
    said = bed.work / 'said'
    number, tried, done = 1, 0, 1
    while done:
        kind = ('TERM', 'EIO', 'HUP', 'EIO')[tried % 4]
        reset(bed, original)
        said.unlink(missing_ok=True)
        done = bed.direct('install', f'{number} {kind}', output=str(said))
        assert done in (0, 1), (number, kind, done)
        if done and 'the fork is in place' not in said.read_text():
            assert contents(bed.parent) == STOCK, (number, kind)
            assert not bed.state.exists() or bed.journals() == [], (number, kind)
        number, tried = number + (2 if number < 40 else 1), tried + 1
    assert number > 40
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}


def keep(bed):
    """:returns: a function that brings tree and journal back to what they are now."""
    saved = {folder: shutil.copytree(folder, bed.work / 'saved' / folder.name) for folder in (bed.parent, bed.state)}

    def bring_back():
        for folder, copy in saved.items():
            shutil.rmtree(folder)
            shutil.copytree(copy, folder)
    return bring_back


def is_back(bed):
    return contents(bed.parent) == STOCK and bed.journals() == []


def is_whole(bed, added=ADDED):
    return contents(bed.parent) == {**STOCK, **added, **FORKED} and len(bed.journals()) == 1


def test_an_uninstallation_is_completed(bed):
    """After a signal at once, after an I/O error by the next run."""
    before = snapshot(bed.parent)
    assert bed.direct('install') == 0
    bring_back, met, number = keep(bed), bed.work / 'met', 1
    while True:
        bring_back()
        met.unlink(missing_ok=True)
        kind = ('TERM', 'EIO')[number % 2]
        status = bed.direct('uninstall', f'{number} {kind}', output=str(met))
        if 'fault point' not in met.read_text():
            break
        if status and kind == 'EIO':
            assert 'same command again' in met.read_text(), (number, met.read_text())
            assert bed.direct('uninstall') == 0
            status = 0
        assert is_back(bed) if status == 0 else is_whole(bed), (number, met.read_text())
        number += 1
    assert number > FEWEST
    assert snapshot(bed.parent).keys() == before.keys()


def test_a_replacement_is_undone_or_completed(bed, tmp_path):
    """By SIGKILL, an I/O error and a signal in turn; while the journal is written (points 22 to 76), which is as in any
    installation, every fifth point is enough."""
    newer = {**ADDED, 'nova/cascading/more.py': b'MORE = 1\n'}
    assert bed.direct('install') == 0
    bring_back, met, number, tried = keep(bed), bed.work / 'met', 1, 0
    bed.bundle = bed.unpack(fork_of(tmp_path / 'newer', newer), 'newer')
    while True:
        bring_back()
        met.unlink(missing_ok=True)
        kind = KINDS[tried % len(KINDS)]
        status = bed.direct('install', f'{number} {kind}', output=str(met))
        if 'fault point' not in met.read_text():
            break
        if status == -signal.SIGKILL:
            action = ('install', 'uninstall')[number % 2]
            assert bed.direct(action, output=str(met)) == 0, (number, met.read_text())
            assert is_whole(bed, newer) if action == 'install' else is_back(bed), (number, action, met.read_text())
        elif status == 1 and 'the fork is in place' not in met.read_text():
            assert is_whole(bed), (number, kind, met.read_text())
        else:  # in place; where only the journal could not be marked so, the next run does that
            assert status == 0 or bed.direct('install') == 0
            assert is_whole(bed, newer), (number, kind, met.read_text())
        number, tried = number + (5 if 22 <= number < 76 else 1), tried + 1
    assert tried > FEWEST
    assert (status, is_whole(bed, newer)) == (0, True)
    assert bed.direct('uninstall') == 0 and is_back(bed)


@pytest.mark.parametrize('number', [40, 58, 66, 75])
def test_a_disk_that_dies_for_good_is_said_and_the_next_run_undoes(bed, number):
    said = bed.work / 'said'
    assert bed.direct('install', f'{number} DEAD', output=str(said)) == 1
    assert 'Traceback' not in said.read_text()
    assert 'could not be undone' in said.read_text() or contents(bed.parent) == STOCK
    assert bed.direct('uninstall') == 0
    assert (contents(bed.parent), bed.journals()) == (STOCK, [])


@pytest.mark.parametrize('fail', ['', 'sync'])
@pytest.mark.parametrize('ending', ['| head -n 0', '>&- 2>&-', '>/dev/full 2>/dev/full', '| true'])
def test_a_closed_or_broken_output_changes_nothing_about_it(bed, fail, ending):
    words = f"sh '{bed.bundle}/installation/install.sh' --nova-parent '{bed.parent}' --state-dir '{bed.state}' " \
            f"--no-restart --python '{bed.python}'"
    environment = dict(os.environ, NOVA_TEST_CALLS=str(bed.calls), NOVA_TEST_FAIL=fail)
    done = subprocess.run(['sh', '-c', f'({words}; echo $? > "{bed.work}/status") {ending}'], env=environment)
    assert done.returncode in (0, 1)
    assert (bed.work / 'status').read_text().strip() == ('1' if fail else '0')
    assert contents(bed.parent) == (STOCK if fail else {**STOCK, **ADDED, **FORKED})
    assert len(bed.journals()) == (0 if fail else 1)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_running_db_sync_is_ended_before_everything_is_undone(bed, tmp_path, number):
    bed.bundle = bed.unpack(fork_of(tmp_path / 'slow', {**ADDED, 'nova/cascading/__main__.py': SLOW}), 'slow')
    words = [*HEARING, 'sh', bed.bundle / 'installation/install.sh', '--nova-parent', bed.parent,
             '--state-dir', bed.state, '--no-restart', '--python', bed.python]
    running = subprocess.Popen(words, env=dict(os.environ, NOVA_TEST_CALLS=str(bed.calls)), stderr=subprocess.PIPE)
    while not bed.called():
        time.sleep(0.05)
    running.send_signal(number)
    told = running.communicate(timeout=60)[1].decode()
    assert running.returncode == 1 and number.name in told and 'Every file is what it was before' in told
    assert not Path(f'/proc/{bed.called()[0]}').exists()
    assert (contents(bed.parent), bed.journals()) == (STOCK, [])
