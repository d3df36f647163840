"""The same source gives the same bytes under whatever somebody has set for other work."""

import hashlib
import shlex
import shutil
import subprocess

import pytest

from builder.common.project import PROJECT
from tests import conditions, fakenova

DESCRIBE_THE_MACHINE = ('.changes', '.buildinfo')


def nest(words, around, work):
    """A command line under several conditions at once; in files, as each quotes the one before."""
    for condition in around:
        script = work / condition.name
        script.write_text('#!/bin/sh\nexec ' + shlex.join(condition.wrap(words)))
        script.chmod(0o755)
        words = [script]
    return words


def built(words, to, **options):
    done = subprocess.run(words, capture_output=True, text=True, errors='replace', timeout=100, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(to.iterdir())
            if path.suffix not in DESCRIBE_THE_MACHINE}


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    return tmp_path_factory.mktemp('same')


@pytest.fixture(scope='module')
def tree(place):
    made = fakenova.write(place / 'tree', '26.3.0')
    (made / 'setup.cfg').write_text('[metadata]\nname = nova\n[entry_points]\nconsole_scripts =\n  nova-x = a:b\n')
    return made


@pytest.fixture(scope='module')
def plain(tree, place):
    return built([PROJECT / 'build.sh', tree, '--to', place / 'plain'], place / 'plain')


def named(kind):
    return [condition for condition in conditions.ALL if condition.name in kind]


MIXES = {
    'settings': [*conditions.SETTINGS, *named(['umask-002', 'locale-tr_TR.UTF-8', 'terminal', 'tmpdir-with-spaces',
                                               'tmpdir-noexec'])],
    'surroundings': named(['locale-de_DE.ISO-8859-1', 'umask-077', 'home-unset', 'few-files', 'tmpdir-shared',
                           'stdin-closed', 'stderr-closed', 'stdout-pipe-that-closes']),
}


@pytest.mark.parametrize('mix', MIXES)
def test_conditions_change_nothing(tree, plain, tmp_path, mix):
    possible = [condition for condition in MIXES[mix] if condition.possible()]
    words = nest([PROJECT / 'build.sh', tree, '--to', tmp_path / 'out'], possible, tmp_path)
    assert built(words, tmp_path / 'out') == plain


def test_a_copy_without_git_with_other_times_and_modes_inside_another_checkout_gives_the_same(tree, plain, tmp_path):
    dirty = subprocess.run([PROJECT / 'build.sh', '--version'], capture_output=True, text=True).stdout
    if dirty.endswith('+dirty\n'):
        pytest.skip('SKIPPED: this checkout has changes, and so says +dirty, which a copy without .git cannot')
    subprocess.run(['git', 'init', '-q', tmp_path], check=True)
    shutil.copytree(PROJECT, tmp_path / 'copy', ignore=shutil.ignore_patterns('.git', 'dist', '__pycache__'),
                    copy_function=shutil.copyfile)
    for path in [tmp_path / 'copy', *(tmp_path / 'copy').rglob('*')]:
        path.chmod(0o755)
    other = shutil.copytree(tree, tmp_path / tree.name, copy_function=shutil.copyfile)
    assert built(['sh', tmp_path / 'copy/build.sh', other, '--to', tmp_path / 'out'], tmp_path / 'out') == plain
