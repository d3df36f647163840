"""What `nova-cascading` refuses before it looks at anything: words that say something else than they seem to."""

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


def refused(load, words):
    with pytest.raises(SystemExit) as ended:
        load('cli').main(words)
    return ended.value.code
