"""./build.sh test: what each size runs, what is said where hosts cannot run, and what a kept layer is recognised by."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

from builder.commands import test as selftest
from builder.common import tools
from builder.common.project import PROJECT
from tests import conditions
from tests.hosts.lib import capable, disks, layers, order


@pytest.fixture
def ran(monkeypatch):
    """What run() starts, nothing of which is carried out: (suite, words) of each pytest, and the layers' size."""
    seen = []
    monkeypatch.setattr(tools, 'need', lambda names: None)
    monkeypatch.setattr(selftest, 'install_linters', lambda: None)
    monkeypatch.setattr(selftest, 'can_have_hosts', lambda size: True)
    monkeypatch.setattr(selftest, 'pytest', lambda suite, words: seen.append((suite, words)) or 0)
    monkeypatch.setattr(selftest, 'prepare', lambda size: seen.append(size) or subprocess.Popen(['true']))
    return seen


def run(size, *words):
    return selftest.run(types.SimpleNamespace(size=size, pytest=list(words)))


@pytest.mark.parametrize(('size', 'expected'), [
    ('first', ['first', ('unit', []), ('hosts', ['-m', 'first'])]),
    ('unit', [('unit', [])]),
    ('hosts', ['first', 'all', 'icehouse', ('hosts', [])]),
    ('all', ['first', 'all', 'icehouse', ('unit', []), ('hosts', [])]),
    ('everywhere', ['first', 'all', 'icehouse', ('unit', []), ('hosts', ['--everywhere'])]),
])
def test_each_size_runs_what_it_says(ran, size, expected):
    assert run(size) == 0
    assert ran == expected


@pytest.mark.parametrize(('size', 'said'), [('first', 'building test hosts …'), ('all', 'each of which waits')])
def test_a_person_is_told_why_nothing_happens_for_minutes(ran, capfd, size, said):
    run(size)
    assert said in capfd.readouterr().err


def test_words_for_pytest_choose_the_tests_so_no_layer_is_built_ahead(ran):
    run('hosts', '-k', 'swap')
    assert ran == [('hosts', ['-k', 'swap'])]


@pytest.mark.parametrize(('unit', 'hosts', 'whole'), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (0, 5, 0), (5, 0, 0), (5, 5, 5)])
def test_one_failure_fails_all_and_nothing_chosen_in_one_of_two_is_none(ran, monkeypatch, unit, hosts, whole):
    monkeypatch.setattr(selftest, 'pytest', lambda suite, words: {'unit': unit, 'hosts': hosts}[suite])
    assert run('all') == whole


@pytest.mark.parametrize(('words', 'chosen'), [
    ([], ['tests/unit']),
    (['-k', 'x'], ['-k', 'x', 'tests/unit']),
    (['tests/unit/test_cli.py', '-x', 'tests/hosts/010_swap.py'], ['tests/unit/test_cli.py', '-x']),
    (['tests/hosts/010_swap.py'], None),
])
def test_files_that_are_named_are_all_that_runs(monkeypatch, words, chosen):
    seen = []
    monkeypatch.setattr(selftest.subprocess, 'run',
                        lambda command, cwd: seen.append(command) or types.SimpleNamespace(returncode=0))
    assert selftest.pytest('unit', words) == (0 if chosen else selftest.NOTHING_COLLECTED)
    assert [command[-len(chosen):] for command in seen] == ([chosen] if chosen else [])


@pytest.mark.parametrize('condition', [condition for condition in conditions.RIGHTS
                                       if condition.name in ('user', 'container', 'no-capabilities')])
def test_where_hosts_cannot_run_one_line_says_why_within_a_second_or_two(condition):
    """As root in a plain container and as a user; the unit tests themselves are not started again here."""
    conditions.need_readable(condition, PROJECT)
    code = 'from builder.commands import test; test.tools.need = print; print(test.can_have_hosts("first"))'
    done = condition.run([sys.executable, '-c', code], cwd='/', timeout=60,
                         env={**os.environ, 'PYTHONPATH': str(PROJECT), 'PYTHONDONTWRITEBYTECODE': '1'})
    assert done.stdout == 'False\n', done.stderr
    assert done.stderr.startswith('SKIPPED: all tests on real hosts: needs root') and done.stderr.count('\n') == 1


def test_a_missing_linter_is_said_aloud_and_a_new_pin_is_installed(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(selftest, 'LINTERS', tmp_path)
    monkeypatch.setattr(selftest, 'LINTER_PINS', ('ruff==2', 'mypy==1'))
    pip = tmp_path / 'bin/pip'
    pip.parent.mkdir()
    pip.write_text('#!/bin/sh\necho "$@" >>"$0.log"\n'
                   'case $1 in freeze) printf "ruff==1\\nmypy==1\\n";; *) exit 1;; esac\n')
    pip.chmod(0o755)
    monkeypatch.setattr(selftest.sys, 'executable', 'true')
    selftest.install_linters()
    assert (tmp_path / 'bin/pip.log').read_text().splitlines()[-1] == '-q install ruff==2 mypy==1'
    assert 'SKIPPED: what ruff==2, mypy==1 check' in capfd.readouterr().err


def test_a_mirror_that_cannot_be_reached_is_found_out(monkeypatch):
    if shutil.which('apt-get') is None:
        pytest.skip('SKIPPED: needs apt')
    text = 'Types: deb\nURIs: http://127.0.0.1:9/debian\nSuites: bookworm bookworm-updates\n'
    monkeypatch.setattr(capable.aptsources, 'for_suite', lambda suite: text)
    assert capable.sourceless() == ('needs packages of Debian, and http://127.0.0.1:9/debian/dists/bookworm/InRelease '
                                    'cannot be reached')


def layer(prepare=None, made_of=(), **more):
    return layers.Layer('x', None, 'true', prepare=prepare, made_of=tuple(made_of), **more)


def preparing(release):
    def put(root):
        (root / 'release').write_text(release)
    return put


def test_a_layer_is_made_anew_when_anything_that_makes_it_changes(tmp_path):
    recipe = tmp_path / 'recipe'
    recipe.write_text('1')
    before = layer(preparing('1'), [recipe]).digest('bookworm')
    assert layer(preparing('1'), [recipe]).digest('bookworm') == before
    assert layer(preparing('2'), [recipe]).digest('bookworm') != before
    assert layer(lambda root: None, [recipe]).digest('bookworm') != before
    assert layer(preparing('1'), [recipe], online=False).digest('bookworm') != before
    recipe.write_text('2')
    assert layer(preparing('1'), [recipe]).digest('bookworm') != before


def test_the_longest_groups_come_first_and_their_members_stay_together(monkeypatch):
    def item(name):
        return types.SimpleNamespace(nodeid=name, marks=[], add_marker=lambda mark: None)
    monkeypatch.setattr(order, 'group', lambda item: item.nodeid[0])
    monkeypatch.setenv(order.FIXED, '{"a": 1, "b": 9, "c": 5}')
    items = [item(name) for name in ('a1', 'b1', 'c1', 'b2', 'a2')]
    order.arrange(items)
    assert [item.nodeid for item in items] == ['b1', 'b2', 'c1', 'a1', 'a2']


def test_what_was_skipped_is_not_remembered_as_quick(monkeypatch, tmp_path):
    def report(name, when, outcome, seconds):
        return pytest.TestReport(f'tests/hosts/{name}@{name}', ('', 0, ''), {}, outcome, None, when, duration=seconds)

    monkeypatch.setattr(order, 'DURATIONS', tmp_path / 'durations.json')
    order.record(types.SimpleNamespace(stats={
        'passed': [report('a', 'call', 'passed', 2)], 'failed': [report('b', 'call', 'failed', 3)],
        'skipped': [report('c', 'setup', 'skipped', 0)],
        '': [report('a', 'setup', 'passed', 5), report('c', 'teardown', 'passed', 0)]}))
    assert json.loads(order.DURATIONS.read_text()) == {'a': 7, 'b': 3}


def test_tests_that_share_a_host_stay_in_one_process():
    """pytest-xdist reads the groups while tests are collected; a plain container shows them without running any."""
    words = [sys.executable, '-m', 'pytest', '-v', '-n2', '--dist', 'loadgroup', '-p', 'no:cacheprovider',
             'tests/hosts/010_swap.py', 'tests/hosts/050_two_hosts.py']
    [container] = [condition for condition in conditions.RIGHTS if condition.name == 'container']
    done = (container.run if os.geteuid() == 0 else run_here)(words, cwd=PROJECT)
    shown = {line.split()[-1] for line in done.stdout.splitlines() if ' SKIPPED tests/' in line}
    groups = {test.rpartition('@')[2] for test in shown if '010_swap' in test}
    assert groups == {'010_swap.py-bookworm', '010_swap.py-trixie', '010_swap.py-bullseye'}, done.stdout


def run_here(words, cwd):
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=600)


def test_the_disks_of_a_run_that_was_killed_go_with_the_next_one_but_for_what_was_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(disks, 'MEMORY', tmp_path / 'memory')
    monkeypatch.setattr(disks, 'DISK', tmp_path)
    gone = subprocess.Popen(['true'])
    gone.wait()
    cache = tmp_path / 'cache'
    left, layers_left, kept = (top / f'nova-host-{gone.pid}-{name}' for top, name in (
        (tmp_path, 'a'), (cache, 'b'), (tmp_path, 'c')))
    for disk in (left, layers_left, kept):
        (disk / 'upper').mkdir(parents=True)
    (kept / disks.KEPT).touch()
    mine = disks.new(tmp_path)
    disks.sweep(cache)
    assert set(tmp_path.iterdir()) == {mine, kept, cache} and not list(cache.iterdir())


def test_temporary_files_are_in_memory_unless_somebody_has_chosen_a_place(monkeypatch, tmp_path):
    monkeypatch.setattr(disks, 'MEMORY', tmp_path)
    monkeypatch.setattr(disks, 'place', lambda: tmp_path)
    monkeypatch.setattr(tempfile, 'tempdir', None)
    monkeypatch.setenv('TMPDIR', '/var/tmp')
    assert disks.scratch() is None and tempfile.gettempdir() == '/var/tmp'
    monkeypatch.setenv('TMPDIR', '/tmp')
    assert str(disks.scratch()) == os.environ['TMPDIR'] == tempfile.gettempdir()
    assert Path(tempfile.gettempdir()).parent == tmp_path


def test_disks_are_in_memory_only_where_a_container_may_take_that_much(monkeypatch, tmp_path):
    (tmp_path / 'max').write_text(f'{disks.PLENTY - 1}\n')
    monkeypatch.setattr(disks, 'LIMITS', (tmp_path / 'none', tmp_path / 'max'))
    assert disks.place() == disks.DISK
