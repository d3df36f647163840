"""The owner of a tree puts links in the place of its folders and files while root installs: nothing outside changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.installer_bed import MODELS_PATH, Bed, part, snapshot

NOBODY = 65534
FEWEST = 10  # so many kinds of steps there are; fewer mean that the counting is broken

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='only root can be led astray')


@pytest.fixture
def bed(tmp_path):
    made = Bed(tmp_path)
    for path in [made.parent, *made.parent.rglob('*')]:
        os.chown(path, NOBODY, NOBODY)
    return made


@pytest.fixture
def victim(bed):
    """A folder of root's, with files and folders of the names that the installer works on."""
    folder = bed.work / 'victim'
    (folder / 'empty').mkdir(parents=True)
    for name in ('instance.py', 'models.py', '__init__.py', '.instance.py.nova-cascading-new'):
        (folder / name).write_text('# of root\n')
        (folder / name).chmod(0o600)
    return folder


def in_tree(bed, path):
    """The file of the tree that a step is about; a journal's copy has the path of its original. None: another file."""
    for side in ('/before/', '/after/'):
        path = f'{bed.parent}/{path.partition(side)[2]}' if path.startswith(str(bed.state)) and side in path else path
    return Path(path) if path.startswith(f'{bed.parent}/nova/') else None


def swap(place, victim):
    """What the owner of a tree can do at any moment: a link where something was, or will be."""
    if place.exists():
        place.rename(f'{place}.aside')
    if place.parent.is_dir() and not place.is_symlink():
        place.symlink_to(victim)
        os.lchown(place, NOBODY, NOBODY)


def folder(bed, place, victim):
    swap(place.parent, victim)


def file(bed, place, victim):
    """Where the next content is written first, and the file whose owner and mode the fork's own take."""
    swap(Path(part('files').beside(str(place))), victim / 'instance.py')
    swap(bed.parent / 'nova/__init__.py', victim / '__init__.py')


def steps(bed, monkeypatch):
    """One of each kind of step: in the journal and in the tree, about a file that changes and about a folder."""
    log, found = bed.work / 'steps', {}
    monkeypatch.setattr(part('files'), '_do_fault', lambda _, point: log.open('a').write(point + '\n'))
    both_ways(bed)
    for line in log.read_text().splitlines():
        step, _, path = line.partition(' ')
        if in_tree(bed, path) and (MODELS_PATH in path or step.endswith('dir')):
            found.setdefault((step, path.startswith(str(bed.state))), line)
    log.unlink()
    return list(found.values())


def both_ways(bed):
    said = bed.work / 'said'
    status = [bed.direct(action, 'noted', *words, output=str(said)) for action, words in (('install', ['--no-db']),
                                                                                       ('uninstall', []))]
    text = said.read_text()
    said.unlink()
    return status, text


@pytest.mark.parametrize('trick', [folder, file])
def test_at_each_kind_of_step(bed, victim, monkeypatch, trick):
    before, pristine = snapshot(victim), bed.work / 'pristine'
    subprocess.run(['cp', '-a', bed.parent, pristine], check=True)
    points = steps(bed, monkeypatch)
    assert len(points) >= FEWEST
    for wanted in points:
        def act(_, point, wanted=wanted):
            if point == wanted:
                trick(bed, in_tree(bed, point.partition(' ')[2]), victim)
        monkeypatch.setattr(part('files'), '_do_fault', act)
        status, said = both_ways(bed)
        assert snapshot(victim) == before, wanted
        assert set(status) <= {0, 1} and 'is a bug' not in said, (wanted, said)
        for place in (bed.parent, bed.state):
            shutil.rmtree(place)
        subprocess.run(['cp', '-a', pristine, bed.parent], check=True)


def test_a_link_of_roots_above_the_tree_is_followed(bed):
    """/opt may be one; whoever owns the tree below cannot change it."""
    (bed.work / 'opt').symlink_to(bed.parent)
    with part('reach').reached(str(bed.work / 'opt/nova/manager.py')) as place:
        assert Path(place).samefile(bed.parent / 'nova/manager.py')
    os.chown(bed.work, NOBODY, -1)
    with pytest.raises(EnvironmentError, match='is a link now'), part('reach').reached(str(bed.work / 'opt/nova/x')):
        pass


def test_the_owner_himself_installs_and_takes_out():
    """So that root need not believe him; the journal lies in a directory of his."""
    with tempfile.TemporaryDirectory() as work:  # pytest's own is closed to him
        bed = Bed(Path(work), shell=f'setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups sh')
        for path in [Path(work), bed.work, bed.parent, *bed.parent.rglob('*')]:
            os.chown(path, NOBODY, NOBODY)
        before = snapshot(bed.parent)
        done = bed.install()
        assert done.returncode == 0, done.stderr
        assert (bed.parent / MODELS_PATH).stat().st_uid == NOBODY and bed.called() == ['db sync']
        assert 'every file is what it was' in bed.uninstall().stdout
        assert snapshot(bed.parent) == before
