"""Every command that a user of an apt host is told to type was typed in the state in which it is told.

printed-commands.tsv is the list: command, places, state, and the contract that types it, or the page that tells of it.
"""

import ast
import re
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from tests.unit import printed

LISTED = [line.split('\t') for line in Path(__file__).with_name('printed-commands.tsv').read_text().splitlines()
          if not line.startswith('#')][1:]
HOSTS = PROJECT / 'tests/hosts'
# How a contract spells a command that it types, where it is not by the first two words.
ALSO = {'./build.sh': 'build.sh|fork_of|download', 'cp': 'cp {PREFERENCES}', 'journalctl': r'journal\(\)',
        ('journalctl', '-t'): 'journalctl -t', 'service': 'service .* restart',
        ('systemctl', 'status'): 'systemctl (show|status)',
        ('apt-get', 'update'): 'signed.subscribe', ('apt-get', '-s'): 'planned|apt-get -s|apt-get install -s|sh -s ask',
        ('apt-get', 'install'): 'apt-get install|uninstall --yes|signed.subscribe', ('apt-get', '-f'): 'apt-get -f'}


def test_each_command_is_on_the_list_and_the_list_holds_no_other():
    listed = {(place, command) for command, places, _, _ in LISTED for place in places.split()}
    told = {(Path(place).name, command) for place, command in printed.commands()}
    assert told - listed == set(), 'told to users, and typed by no contract'
    assert listed - told == set(), 'no longer told'


@pytest.mark.parametrize('row', LISTED, ids=lambda row: f'{row[0]} - {row[2]}')
def test_who_types_it_is_there_and_types_it(row):
    command, _, state, run = row
    assert state
    first, second = re.split(r'[\s$]+', command)[:2]
    if run.startswith('by hand: '):
        page = (PROJECT / run.partition(': ')[2]).read_text()
        assert re.search('(?i)by hand', page) and f'{first} {second}' in re.sub(r'\s+', ' ', page)
        return
    number, name = run.split('::')
    [file] = HOSTS.glob(f'{number}_*.py')
    typed = ALSO.get((first, second), ALSO.get(first, re.escape(f'{first} {second}')))
    assert re.search(typed, source(file.read_text(), name)), f'{file.name}, {name}: {typed}'


def source(text, name):
    """A function, and what it uses of its own module: fixtures, helpers and constants."""
    defined = {getattr(one, 'id', getattr(one, 'name', None)): node for node in ast.parse(text).body
               for one in getattr(node, 'targets', [node])}
    used, todo = {}, {name}
    while todo:
        one = todo.pop()
        used[one] = defined[one]
        parts = {getattr(part, 'id', getattr(part, 'arg', name)) for part in ast.walk(defined[one])}
        todo |= parts & defined.keys() - used.keys()
    return '\n'.join(map(ast.unparse, used.values()))


@pytest.mark.parametrize(('name', 'text', 'expected'), [
    ('page.md', 'Run `apt-get\n  install -y x`,\nor `dpkg has` it.\n```sh\nnova-cascading db sync  # now\n```\n',
     {'apt-get install x', 'nova-cascading db sync'}),
    ('x.py', '"""apt-get purge x"""\nSAID = ("Next: "\n        "apt-mark hold x")\nRUN = ["apt-get", "update"]\n',
     {'apt-mark hold x'}),
    ('x.in', '#!/bin/sh\napt-get update\necho "mend it, then: dpkg --configure -a" >&2\n', {'dpkg --configure -a'})])
def test_what_counts_as_told(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    assert {command for one in printed.texts(tmp_path / name) for command in printed.found(one)} == expected
