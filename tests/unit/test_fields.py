"""What programs read keeps its names, and docs/commands.md has them all."""

import ast
import re
import types

import pytest

from builder.common.project import PROJECT

COMMANDS = (PROJECT / 'docs/commands.md').read_text()
WITHOUT_FORMAT = ('_restore', 'adopt_all')  # of migration/command.py: programs do not read what these say


@pytest.mark.parametrize('commands, module', [
    ('`status`', 'host.status'), ('`db check`, `db sync`', 'migration.report'),
    ('`mapping find`, `mapping list`', 'mapping.command'), ('`mapping audit`', 'mapping.audit'),
    ('`mapping export` (CSV only)', 'mapping.csvfile'), ('`services list-running`', 'host.services')])
def test_the_fields_of_every_command_are_those_of_the_documentation(load, commands, module):
    fields = ', '.join(f'`{name}`' for name in load(module).COLUMNS)
    assert f'| {commands} | {fields} |' in COMMANDS.splitlines()


def documented(field):
    """The words that the documentation has for the values of a field; one cell of a table."""
    return re.search(f'^\\| {field} \\| (.*) \\|$', COMMANDS, re.MULTILINE).group(1)


def quoted(text):
    return set(re.findall('`(.*?)`', text))


def functions(name):
    """Name -> function of each one in a module and in its classes."""
    tree = ast.parse((PROJECT / f'src/nova/cascading/{name}.py').read_text())
    places = [tree, *[one for one in tree.body if isinstance(one, ast.ClassDef)]]
    return {one.name: one for place in places for one in place.body if isinstance(one, ast.FunctionDef)}


def calls(function, *names):
    """Each call, anywhere in a function, of another one with one of these names."""
    return [one for one in ast.walk(function) if isinstance(one, ast.Call)
            and getattr(one.func, 'attr', getattr(one.func, 'id', None)) in names]


def words(node, module=None):
    """The texts in an expression, and those in the module's tables that it looks into."""
    found = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
    for table in (getattr(module, one.id, None) for one in ast.walk(node) if isinstance(one, ast.Name)):
        found.update(table.values() if isinstance(table, dict) else table if isinstance(table, tuple) else ())
    return {one for one in found if isinstance(one, str)}


def test_what_status_is_about_and_what_it_says_is_in_the_documentation(load):
    status, code, found = load('host.status'), functions('host/status'), {}
    unknown = next(words(one.value) for one in code['_unknown'].body if isinstance(one, ast.Assign))
    for call in (one for function in code.values() for one in calls(function, 'fact', '_unknown')):
        given = [one.value for one in call.keywords if one.arg == 'state']
        states = unknown if call.func.id == '_unknown' else set().union(*[words(one, status) for one in given])
        for kind in words(call.args[0]):
            found.setdefault(kind, set()).update(states)
    found['conductors'] = found['conductors'] - {'left alone'}  # that is told of their database
    found['option'] |= {'true', 'false'}
    found['database'] |= {one.value.elts[0].value for one in ast.walk(code['_state']) if isinstance(one, ast.Return)}
    assert quoted(documented('`kind` of `status`')) == set(found)
    told = [part.partition(':') for part in documented('`state` of `status`').split('. ')]
    assert {kind: quoted(values) for of, _, values in told for kind in quoted(of)} == {
        kind: states for kind, states in found.items() if states}


def test_what_db_check_and_db_sync_say_is_in_the_documentation(load):
    found = set(load('migration.report').STATES.values())
    for name in ('migration/report', 'migration/command', 'migration/gate'):
        for function in (one for name, one in functions(name).items() if name not in WITHOUT_FORMAT):
            found.update(*[words(call.args[2]) for call in calls(function, 'add') if len(call.args) > 2])
    assert quoted(documented('`state` of `db check` and `db sync`')) == found


def test_what_an_audit_finds_is_in_the_documentation(load):
    assert quoted(documented('`problem`')) == set(load('mapping.audit').SEVERITY)


def test_the_services_that_run_are_named_in_the_form_that_is_asked_for(load, monkeypatch, capsys):
    services = load('host.services')
    monkeypatch.setattr(services.running, 'names', lambda: ['nova-conductor', 'nova-api'])
    for form, said in (('value', 'nova-conductor\nnova-api\n'), ('csv', 'service\nnova-conductor\nnova-api\n'),
                       ('json', '[\n  {"service": "nova-conductor"},\n  {"service": "nova-api"}\n]\n')):
        assert services.run(types.SimpleNamespace(action='list-running', format=form), None) == 0
        assert capsys.readouterr().out == said
