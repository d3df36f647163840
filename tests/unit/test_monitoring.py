"""The role `monitoring`: a user who can read no password runs the checks as nova, and a warning is no failed unit."""

import re
import shutil
import subprocess

import pytest

from builder.common.project import PROJECT
from tests.unit import test_printed_commands

ROLE = PROJECT / 'ansible/roles/monitoring'
PAGE = (PROJECT / 'docs/operations.md').read_text()


def values(name):
    """(name, value) of each line of a YAML file of the role, as it has no other."""
    text = (ROLE / name / 'main.yml').read_text()
    return re.findall(r'^[ -]*(\w+): "?(.*?)"?$', text, re.MULTILINE)


SETTINGS = dict(values('defaults'))


def filled(text, **known):
    return re.sub(r'{{ (?:\w+\.)?(\w+) }}', lambda place: known[place[1]], text)


def checks():
    """The checks of vars/main.yml, each a dictionary, with the defaults of the role."""
    lines = [(name, filled(value, **SETTINGS)) for name, value in values('vars')]
    starts = [number for number, (name, _) in enumerate(lines) if name == 'name']
    return [dict(lines[start:end]) for start, end in zip(starts, [*starts[1:], None])]


def rendered(name):
    """A template, as Jinja fills it in: what stands in its loop once for each check."""
    text = (ROLE / 'templates' / name).read_text()
    return re.sub(r'(?s){% for .*? %}\n(.*?){% endfor %}\n',
                  lambda loop: ''.join(filled(loop[1], **SETTINGS, **check) for check in checks()), text)


def lines_of(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_its_commands_are_understood_by_our_command_line(load):
    for check in checks():
        command, *words = check['command'].split()
        assert command == '/usr/bin/nova-cascading' and test_printed_commands.understood(load('cli'), words)


def test_nrpe_runs_them_as_nova_without_a_question_and_sees_all_that_they_say_as_the_page_has_it():
    told = lines_of(rendered('nrpe.cfg.j2'), 'command[')
    assert told == [f'command[check_nova_{one["name"]}]=sudo -n -u nova {one["command"]} 2>&1' for one in checks()]
    assert len(told) == 2 and told == lines_of(PAGE, 'command[')


def test_sudo_lets_its_user_run_exactly_these_as_nova_as_the_page_has_it():
    told = lines_of(rendered('sudoers.j2'), 'nagios ')
    assert told == [f'nagios ALL=(nova) NOPASSWD: {check["command"]}' for check in checks()]
    assert told == lines_of(PAGE, 'nagios ')


@pytest.mark.skipif(not shutil.which('visudo', path='/usr/sbin'), reason='needs sudo')
def test_sudo_can_read_it(tmp_path):
    (tmp_path / 'sudoers').write_text(rendered('sudoers.j2'))
    done = subprocess.run(['/usr/sbin/visudo', '-cf', tmp_path / 'sudoers'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_unit_runs_as_nova_and_fails_for_all_but_a_warning_of_the_audit():
    assert lines_of(rendered('check.service.j2'), 'User=') == ['User=nova']
    ends = {check['name']: lines_of(filled(rendered('check.service.j2'), **check), 'SuccessExit') for check in checks()}
    assert ends == {'mapping': ['SuccessExitStatus=0 1'], 'schema': ['SuccessExitStatus=0']}
