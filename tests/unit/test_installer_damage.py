"""A journal that a failing disk or another version has left: the fork goes out, or a person is told how."""

import json
import subprocess

import pytest

from tests.installer_bed import ADDED, FORKED, STOCK, contents, snapshot, write_tree
from tests.installer_happenings import is_clean, run, said
from tests.unit.test_installer_states import named, type_in

BROKEN = [lambda text: text[:300], lambda text: '', lambda text: '[]']


@pytest.fixture
def bed(forked):
    return forked


def journal(bed):
    return bed.state / bed.journals()[0]


def damage(bed, change=BROKEN[0]):
    path = journal(bed) / 'plan.json'
    path.write_text(change(path.read_text()))


def forget(bed):
    """The command for that in the last message."""
    return named(bed).rpartition(': ')[2]


@pytest.mark.parametrize('change', BROKEN)
def test_a_plan_that_cannot_be_read_is_named_with_the_contents_and_two_ways_on(bed, change):
    damage(bed, change)
    before = snapshot(bed.work)
    for words in (['install'], ['install', '--dry-run'], ['uninstall']):
        assert run(bed, *words) == 1
        assert f'{journal(bed)} cannot be read' in said(bed) and f'{journal(bed)}/before' in said(bed)
        assert 'this is a bug' not in said(bed) and 'from a backup' in named(bed)
        (bed.work / 'said').unlink()
        assert snapshot(bed.work) == before


def test_the_journal_of_such_a_plan_is_put_aside_as_told_and_keeps_both_contents(bed):
    damage(bed)
    run(bed, 'uninstall')
    command, kept = forget(bed), journal(bed).name
    assert 'Nothing was changed' in type_in(bed, command)
    assert 'forgotten' in type_in(bed, command + ' --yes')
    aside, = bed.journals()
    assert aside.startswith(kept) and (bed.state / aside / 'before/nova').is_dir()
    assert contents(bed.parent) == {**STOCK, **ADDED, **FORKED}
    assert run(bed, 'install') == 0, said(bed)


def test_it_is_put_aside_by_its_tree_also_when_the_plan_is_gone(bed):
    (journal(bed) / 'plan.json').unlink()
    assert run(bed, 'uninstall') == 1 and './uninstall.sh --nova-parent' in named(bed)
    assert run(bed, 'uninstall', '--forget', '--yes') == 0, said(bed)
    assert run(bed, 'uninstall') == 0 and 'nothing is installed' in said(bed)


def test_it_stands_in_no_other_trees_way(bed):
    other = bed.work / 'other'
    write_tree(other, STOCK)
    damage(bed)
    for words in (['install', '--dry-run'], ['install'], ['install'], ['uninstall']):
        assert run(bed, *words, '--nova-parent', str(other)) == 0, said(bed)
    assert contents(other) == STOCK and len(bed.journals()) == 1


def test_it_may_be_the_one_that_is_meant_when_none_is_named(bed):
    other = bed.work / 'other'
    write_tree(other, STOCK)
    assert bed.direct('install', '', '--nova-parent', str(other)) == 0
    damaged, = [path for path in bed.state.iterdir() if 'opt-stack' in path.name]
    (damaged / 'plan.json').write_text('')
    before = snapshot(other)
    for place in (bed.bundle, damaged):
        words = ['sh', place / 'installation/uninstall.sh', '--no-restart', '--state-dir', bed.state]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 1 and f'{damaged} cannot be read' in done.stderr
    assert snapshot(other) == before


@pytest.mark.parametrize('change', [{'format': 1, 'stamps': None}, {'format': 3, 'entries': None}])
def test_a_plan_of_another_version_is_for_the_copy_that_wrote_it(bed, change):
    plan = {**json.loads((journal(bed) / 'plan.json').read_text()), **change}
    damage(bed, lambda _: json.dumps({name: value for name, value in plan.items() if value is not None}))
    before = snapshot(bed.parent)
    for words in (['install'], ['install', '--dry-run'], ['uninstall']):
        assert run(bed, *words) == 1
        assert 'another version' in said(bed) and f"sh '{journal(bed)}/installation/uninstall.sh'" in named(bed)
    assert snapshot(bed.parent) == before


@pytest.mark.parametrize('state', [b'', b'\0' * 10])
def test_a_state_that_says_nothing_counts_as_an_interrupted_run(bed, state):
    for action in ('install', 'uninstall'):
        (journal(bed) / 'state').write_bytes(state)
        assert run(bed, action) == 0, said(bed)
        assert action == 'uninstall' or 'completing it' in said(bed)
    assert 'every file is what it was before' in said(bed) and is_clean(bed, STOCK)


def test_when_files_changed_is_nobodys_question_where_the_note_is_spoilt(bed):
    (journal(bed) / 'changed').write_bytes(b'')
    assert run(bed, 'install') == 0, said(bed)
