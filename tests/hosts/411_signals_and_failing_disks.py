"""Whatever ends a run, it is undone or completed at once: a signal or an I/O error at every fault point, a terminal
that has gone away. Only SIGKILL (410) leaves something to the next run."""

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
SLOW = b'''import os, sys, time
if sys.argv[1:2] == ['db']:
    open(os.environ['NOVA_TEST_CALLS'], 'a').write(str(os.getpid()) + chr(10))
    time.sleep(600)
'''


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


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


def test_an_uninstallation_is_completed(bed):
    before = snapshot(bed.parent)
    assert bed.direct('install') == 0
    saved = bed.work / 'saved'
    installed = {folder: shutil.copytree(folder, saved / folder.name) for folder in (bed.parent, bed.state)}
    number = 1
    while True:
        for folder, copy in installed.items():
            shutil.rmtree(folder)
            shutil.copytree(copy, folder)
        met = bed.work / 'met'
        met.unlink(missing_ok=True)
        status = bed.direct('uninstall', f'{number} TERM', output=str(met))
        if 'fault point' not in met.read_text():
            break
        is_back = contents(bed.parent) == STOCK and bed.journals() == []
        is_whole = contents(bed.parent) == {**STOCK, **ADDED, **FORKED} and len(bed.journals()) == 1
        assert is_back or is_whole, (number, met.read_text())
        assert (status == 0) == is_back, (number, met.read_text())
        number += 1
    assert number > FEWEST
    assert snapshot(bed.parent).keys() == before.keys()


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
