"""What programs read keeps its names, and docs/commands.md has them all."""

import types

import pytest

from builder.common.project import PROJECT


@pytest.mark.parametrize('commands, module', [
    ('`status`', 'host.status'), ('`db check`, `db sync`', 'migration.report'),
    ('`mapping find`, `mapping list`', 'mapping.command'), ('`mapping audit`', 'mapping.audit'),
    ('`mapping export` (CSV only)', 'mapping.csvfile'), ('`services list-running`', 'host.services')])
def test_the_fields_of_every_command_are_those_of_the_documentation(load, commands, module):
    fields = ', '.join(f'`{name}`' for name in load(module).COLUMNS)
    assert f'| {commands} | {fields} |' in (PROJECT / 'docs/commands.md').read_text().splitlines()


def test_the_services_that_run_are_named_in_the_form_that_is_asked_for(load, monkeypatch, capsys):
    services = load('host.services')
    monkeypatch.setattr(services.running, 'names', lambda: ['nova-conductor', 'nova-api'])
    for form, said in (('value', 'nova-conductor\nnova-api\n'), ('csv', 'service\nnova-conductor\nnova-api\n'),
                       ('json', '[\n  {"service": "nova-conductor"},\n  {"service": "nova-api"}\n]\n')):
        assert services.run(types.SimpleNamespace(action='list-running', format=form), None) == 0
        assert capsys.readouterr().out == said
