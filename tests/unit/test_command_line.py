"""What `nova-cascading` refuses before it looks at anything: words that say something else than they seem to."""

import sys

import pytest


@pytest.mark.parametrize('words', [
    ['mapping', 'list', '--host', ''], ['mapping', 'list', '--host='], ['mapping', 'export', ''],
    ['db', 'rollback', '--import', ''], ['db', 'sync', '--config-file', ''], ['uninstall', '--from', '']])
def test_a_variable_that_is_not_set_lists_writes_and_takes_back_nothing(load, capsys, words):
    assert refused(load, words) == 2
    assert 'an argument is empty' in capsys.readouterr().err


def test_mappings_are_brought_back_or_columns_dropped_but_not_both(load, capsys):
    assert refused(load, ['db', 'rollback', '--drop-column', '--import', 'mappings.csv.gz']) == 2
    assert 'not allowed with' in capsys.readouterr().err


@pytest.mark.parametrize('words', [['--limit', '-1'], ['--grace', '-5'], ['--grace', '99999999999999999999']])
def test_an_audit_has_no_negative_limits_and_none_that_no_clock_knows(load, words):
    assert refused(load, ['mapping', 'audit', *words]) == 2


def test_an_audit_that_cannot_begin_or_has_a_defect_is_unknown_to_monitoring(load, capsys, monkeypatch, tmp_path):
    assert load('cli').main(['mapping', 'audit', '--config-file', '/nonexistent']) == 3
    assert capsys.readouterr().out == 'MAPPING UNKNOWN - /nonexistent: there is no such file\n'

    def fail(*words):
        raise ZeroDivisionError('a defect')
    monkeypatch.setattr(load('mapping.instances'), 'all_databases', fail)
    monkeypatch.setattr(load('failure'), 'LOG', str(tmp_path / 'no log'))
    (tmp_path / 'nova.conf').write_text('')
    assert load('cli').main(['mapping', 'audit', '--config-file', str(tmp_path / 'nova.conf')]) == 3
    said = capsys.readouterr().out
    assert said.startswith('MAPPING UNKNOWN - ZeroDivisionError: a defect;') and said.count('\n') == 1


def test_an_audit_that_cannot_show_its_findings_has_no_summary_yet(load, capsys, monkeypatch):
    table = load('mapping.audit').Table(limit=1)
    table.add(('unmapped', 'an instance', None, 'a host', 'main'))
    monkeypatch.setitem(sys.modules, 'prettytable', None)
    with pytest.raises(ImportError):
        table.close('MAPPING CRITICAL - 1 unmapped')
    assert capsys.readouterr().out == ''


def refused(load, words):
    with pytest.raises(SystemExit) as ended:
        load('cli').main(words)
    return ended.value.code
