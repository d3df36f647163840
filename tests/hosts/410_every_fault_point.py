"""Killed (SIGKILL) at every write, fsync, rename and removal: running either script again completes or undoes."""

from __future__ import annotations

import shutil

import pytest

from tests.installer_bed import ADDED, FORKED, MODELS_PATH, STOCK, Bed, contents, snapshot

KILLED = -9
FEWEST = 20  # so many points the smallest run has; fewer mean that the counting is broken


@pytest.fixture
def bed(tmp_path, monkeypatch):
    made = Bed(tmp_path)
    made.hasten(monkeypatch)
    cached = made.parent / (MODELS_PATH + 'c')
    cached.write_bytes(b'compiled')
    return made


def fork_is_there(bed):
    found = contents(bed.parent)
    return found == {**STOCK, **ADDED, **FORKED} and len(bed.journals()) == 1


def both_ways(bed, action, number, original):
    """Kill one run, then go each way from there; returns whether the run was killed."""
    if bed.direct(action, number) != KILLED:
        return False
    saved = bed.work / 'saved'
    bed.state.mkdir(exist_ok=True)
    for folder in (bed.parent, bed.state):
        shutil.copytree(folder, saved / folder.name)
    assert bed.direct('uninstall') == 0, number
    assert (contents(bed.parent), bed.journals()) == (contents_of(original), []), number
    assert modes(snapshot(bed.parent)) == modes(original), number
    for folder in (bed.parent, bed.state):
        shutil.rmtree(folder)
        shutil.copytree(saved / folder.name, folder)
    shutil.rmtree(saved)
    assert bed.direct('install') == 0, number
    assert fork_is_there(bed), number
    return True


def contents_of(original):
    return {path: entry[0] for path, entry in original.items() if entry[0] is not None}


def modes(found):
    """All but the times of folders: those that only held a temporary file when the kill came have new ones."""
    return {path: entry if entry[0] is not None else entry[:-1] for path, entry in found.items()}


def test_install(bed):
    original, number = snapshot(bed.parent), 1
    pristine = shutil.copytree(bed.parent, bed.work / 'pristine')
    while both_ways(bed, 'install', number, original):
        for folder in (bed.parent, bed.state):
            shutil.rmtree(folder)
        shutil.copytree(pristine, bed.parent)
        number += 1
    assert number > FEWEST
    assert fork_is_there(bed)


def test_uninstall(bed):
    original, number = snapshot(bed.parent), 1
    assert bed.direct('install') == 0
    while both_ways(bed, 'uninstall', number, original):
        number += 1
    assert number > FEWEST
    assert snapshot(bed.parent) == original
