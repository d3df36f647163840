"""What pip, git and people do to a tree with the fork in it, and how each script is run there."""

import contextlib
import json
import os
import shutil

import pytest

from tests.installer_bed import ADDED, INSTANCE_PATH, MODELS_PATH, STOCK, Bed, contents, fork_of, write_tree

# The next release: nothing of the old one's files is in it, and one of them is gone.
NEXT = {**STOCK, MODELS_PATH: b'class Model(object):\n    number = 2\n', 'nova/manager.py': b'# of the next release\n'}
del NEXT[INSTANCE_PATH]
MORE = {**ADDED, 'nova/cascading/more.py': b'MORE = 1\n'}


@pytest.fixture(scope='module')
def forked_once(tmp_path_factory):
    made = Bed(tmp_path_factory.mktemp('installed'))
    assert made.direct('install') == 0
    for folder in (made.parent, made.state):
        shutil.copytree(folder, made.work / 'saved' / folder.name)
    made.first = made.bundle
    return made


@pytest.fixture
def forked(forked_once):
    """A tree with the fork in it; each test gets it anew."""
    made = forked_once
    made.bundle = made.first
    for path in made.work.iterdir():
        if path not in (made.work / 'saved', made.first.parent):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for folder in (made.parent, made.state):
        shutil.copytree(made.work / 'saved' / folder.name, folder)
    return made


def put(bed, tree):
    """As pip and git write: new files, with times of their own."""
    for path, content in tree.items():
        (bed.parent / path).unlink(missing_ok=True)
        (bed.parent / path).write_bytes(content)


def pip_reinstalls(bed):
    put(bed, STOCK)


def git_puts_one_back(bed):
    put(bed, {MODELS_PATH: STOCK[MODELS_PATH]})


def git_cleans(bed):
    """git clean -fd: what no commit has goes, and what was changed stays."""
    for path in ADDED:
        (bed.parent / path).unlink()
    shutil.rmtree(bed.parent / 'nova/cascading')


def pip_upgrades(bed):
    (bed.parent / INSTANCE_PATH).unlink()
    put(bed, NEXT)


def pip_uninstalls(bed):
    for path in STOCK:
        (bed.parent / path).unlink()
        with contextlib.suppress(OSError):
            os.removedirs((bed.parent / path).parent)


def is_deleted(bed):
    shutil.rmtree(bed.parent)


def somebody_edits(bed):
    with (bed.parent / MODELS_PATH).open('a') as stream:
        stream.write('# a hot fix\n')


def two_releases_are_mixed(bed):
    put(bed, {MODELS_PATH: NEXT[MODELS_PATH]})


def its_file_system_is_unmounted(bed):
    plan = bed.state / bed.journals()[0] / 'plan.json'
    plan.write_text(json.dumps({**json.loads(plan.read_text()), 'mount': str(bed.work)}))
    is_deleted(bed)


def pip_installs_the_fork(bed):
    write_tree(bed.parent, {'nova-2014.1.5.dist-info/RECORD': b'nova/cascading/__init__.py,sha256=x,1\n'})


def replace(bed, tmp_path, tree=STOCK):
    """Install a newer bundle: of the same release, or of the next."""
    fork = fork_of(tmp_path / 'newer source', MORE)
    if tree is NEXT:
        shutil.rmtree(tmp_path / 'newer source')
        write_tree(tmp_path / 'newer source', NEXT)
        changed = NEXT[MODELS_PATH] + b"    mapping_uuid = 'Column'\n"
        fork.patches[0].files.clear()
        fork.patches[0].files[MODELS_PATH] = NEXT[MODELS_PATH], changed
        del fork.patches[1]
    bed.bundle = bed.unpack(fork, 'newer')
    return bed.direct('install', output=str(bed.work / 'said'))


def said(bed):
    path = bed.work / 'said'
    return path.read_text() if path.exists() else ''


def run(bed, action, *words):
    (bed.work / 'said').unlink(missing_ok=True)
    return bed.direct(action, '', *words, output=str(bed.work / 'said'))


def is_clean(bed, tree):
    found = contents(bed.parent) if bed.parent.exists() else {}
    return (found, bed.journals()) == (tree, [])
