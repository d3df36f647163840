"""Killed in the middle: running either script again completes or undoes. Here at some points; 4NN tests do them all."""

import signal

import pytest
from installer_bed import ADDED, FORKED, MODELS_PATH, STOCK, Bed, contents, snapshot

KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
POINTS = ['write {journal}/plan.json', 'place {parent}/' + MODELS_PATH, 'renamed {parent}/' + MODELS_PATH]


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


def killed_at(bed, point, script, *words):
    bed.install()
    journal = bed.state / bed.journals()[0]
    if script == bed.install:
        bed.uninstall()
    done = script(*words, fault=point.format(journal=journal, parent=bed.parent))
    assert done.returncode in KILLED, done.stderr


@pytest.mark.parametrize('point', POINTS)
def test_install_killed_then_uninstall_gives_the_original(bed, point):
    before = snapshot(bed.parent)
    killed_at(bed, point, bed.install)
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before


@pytest.mark.parametrize('point', POINTS[1:])
def test_install_killed_then_install_gives_the_fork(bed, point):
    killed_at(bed, point, bed.install)
    assert bed.install().returncode == 0
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}


@pytest.mark.parametrize('point', ['rename {parent}/' + MODELS_PATH, 'rmtree {journal}'])
def test_uninstall_killed_then_uninstall_gives_the_original(bed, point):
    before = snapshot(bed.parent)
    killed_at(bed, point, bed.uninstall)
    assert bed.uninstall().returncode == 0
    assert snapshot(bed.parent) == before
    assert bed.journals() == []
