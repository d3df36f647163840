"""systemd's units as its own grammar has them: how devstack, OpenStack-Ansible, packages and people write them."""

import os

import pytest

from tests.installer_bed import part


@pytest.fixture
def units(tmp_path, monkeypatch):
    module = part('units')
    folders = [tmp_path / name for name in ('etc', 'run', 'usr-lib')]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr(module, 'FOLDERS', tuple(map(str, folders)))
    # On a host root has written them; here, whoever runs the tests.
    weakness, ourselves = module.trust.weakness, os.geteuid()
    monkeypatch.setattr(module.trust, 'weakness', lambda path, users: weakness(path, [*users, ourselves]))
    return module


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def command(units, name):
    return units.read(name).commands


@pytest.mark.parametrize('text, words', [
    ('[Service]\nExecStart = /opt/venv/bin/nova-conductor --config-file /etc/nova/nova.conf\n',
     ['/opt/venv/bin/nova-conductor', '--config-file', '/etc/nova/nova.conf']),
    ('[Service]\nExecStart=-@/opt/venv/bin/nova-api nova-api\n', ['/opt/venv/bin/nova-api', 'nova-api']),
    ('[Service]\nExecStart=/opt/venv/bin/uwsgi \\\n# a comment\n  --ini /etc/nova.ini\n',
     ['/opt/venv/bin/uwsgi', '--ini', '/etc/nova.ini']),
    ('[Unit]\nExecStart=/no\n[Service]\nExecStart="/opt/my stack/nova-api"\n', ['/opt/my stack/nova-api']),
    ('[Service]\nExecStart=/first\nExecStart=\nExecStart=/second\n', ['/second'])])
def test_commands(units, tmp_path, text, words):
    write(tmp_path, 'etc/nova-x.service', text)
    assert command(units, 'nova-x.service') == [words]


def test_the_first_folder_wins_and_drop_ins_come_from_all(units, tmp_path):
    write(tmp_path, 'usr-lib/nova-x.service', '[Service]\nExecStart=/vendor\nUser=root\n')
    write(tmp_path, 'run/nova-x.service', '[Service]\nExecStart=/run\nEnvironment=A=1\n')
    write(tmp_path, 'usr-lib/nova-x.service.d/50-path.conf', '[Service]\nEnvironment="PYTHONPATH=/opt/target" B=2\n')
    write(tmp_path, 'etc/nova-.service.d/10-user.conf', '[Service]\nUser=0\n')
    unit = units.read('nova-x.service')
    assert unit.commands == [['/run']]
    assert unit.environ == {'A': '1', 'B': '2', 'PYTHONPATH': '/opt/target'}
    assert unit.user == 0


def test_a_drop_in_takes_a_command_back(units, tmp_path):
    write(tmp_path, 'usr-lib/nova-x.service', '[Service]\nExecStart=/vendor\n')
    write(tmp_path, 'etc/nova-x.service.d/override.conf', '[Service]\nExecStart=\nExecStart=/opt/venv/bin/nova-x\n')
    assert command(units, 'nova-x.service') == [['/opt/venv/bin/nova-x']]


def test_templates_and_their_instances(units, tmp_path):
    write(tmp_path, 'etc/nova@.service', '[Service]\nExecStart=/opt/venv/bin/nova-%i\n')
    write(tmp_path, 'etc/nova@.service.d/a.conf', '[Service]\nEnvironment=A=%i\n')
    unit = units.read('nova@compute.service')
    assert (unit.commands, unit.environ) == ([['/opt/venv/bin/nova-compute']], {'A': 'compute'})
    assert [unit.name for unit in units.every()] == ['nova@.service']


def test_a_masked_unit_and_one_that_others_can_write_say_nothing(units, tmp_path):
    (tmp_path / 'etc/nova-x.service').symlink_to(os.devnull)
    write(tmp_path, 'usr-lib/nova-x.service', '[Service]\nExecStart=/vendor\n')
    write(tmp_path, 'etc/nova-y.service', '[Service]\nExecStart=/anybody\n')
    (tmp_path / 'etc/nova-y.service').chmod(0o666)
    assert units.read('nova-x.service') is units.read('nova-y.service') is None


@pytest.mark.parametrize('named', ['default', 'defaul*', '-default'])
def test_an_environment_file(units, tmp_path, named):
    write(tmp_path, 'default', '# PYTHONPATH=/no\nPYTHONPATH=/opt/target\n')
    path = f'{named[:-7]}{tmp_path}/{named[-7:]}'
    write(tmp_path, 'etc/nova-x.service', f'[Service]\nEnvironmentFile={path}\nExecStart=/x\n')
    assert units.read('nova-x.service').environ == {'PYTHONPATH': '/opt/target'}


def test_what_systemctl_shows(units):
    shown = ['Id=devstack@n-api.service', 'User=stack-that-nobody-is', 'Environment=PYTHONPATH=/opt/t "A=b c"',
             'ExecStart={ path=/opt/my venv/uwsgi ; argv[]=/opt/my venv/uwsgi --ini /etc/nova.ini ; '
             'ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }']
    unit = units._of_show(shown)
    assert unit.commands == [['/opt/my venv/uwsgi', '--ini', '/etc/nova.ini']]
    assert unit.environ == {'PYTHONPATH': '/opt/t', 'A': 'b c'}
    assert unit.is_nova and unit.user is None


@pytest.mark.parametrize('text, is_nova', [
    ('ExecStart=/bin/sh -c "exec /opt/venv/bin/nova-compute"', True),
    ('ExecStart=/opt/venv/bin/python -m nova.cmd.conductor', True),
    ('ExecStart=/usr/bin/uwsgi --ini /etc/uwsgi/keystone.ini', False),
    ('ExecStart=/usr/bin/novaclient-proxy', False)])
def test_which_units_are_novas(units, tmp_path, text, is_nova):
    write(tmp_path, 'etc/x.service', f'[Service]\n{text}\n')
    assert units.read('x.service').is_nova is is_nova


def test_a_stopped_unit_leads_to_nova_and_its_user_is_trusted_with_it(units, tmp_path, monkeypatch):
    """devstack's, with its spaces: the interpreter is the script's, and the unit's user may own it."""
    findnova = part('findnova')
    (tmp_path / 'venv/bin').mkdir(parents=True)
    for name, text in (('nova-conductor', f'#!{tmp_path}/venv/bin/python3.9\n'), ('python3.9', '')):
        (tmp_path / 'venv/bin' / name).write_text(text)
    write(tmp_path, 'etc/devstack@n-cond.service',
          f'[Service]\nUser = 1234\nExecStart = {tmp_path}/venv/bin/nova-conductor --x\n')
    candidate, = findnova._of_units()
    assert (candidate.python, 1234 in candidate.users) == (f'{tmp_path}/venv/bin/python3.9', True)
