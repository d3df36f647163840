"""Which units run nova's code under names that are not nova's: what the kernel says of the user nova's processes."""

import types

import pytest

NOVA, PYTHON = 64060, '/usr/bin/python3.11'
MAINS = {'nova-conductor@2': '10', 'apache2': '20', 'cron': '30', 'nova-conductor': '40', 'user@64060': '50'}


@pytest.fixture
def strangers(load, monkeypatch, tmp_path):
    module = load('host.strangers')
    monkeypatch.setattr(module, 'PROC', str(tmp_path))
    monkeypatch.setattr(module.pwd, 'getpwnam', lambda name: types.SimpleNamespace(pw_uid=NOVA))
    monkeypatch.setattr(module.running, 'started', lambda: list(MAINS))
    monkeypatch.setattr(module.running, 'main_process', lambda unit: module.asked.append(unit) or MAINS[unit])
    module.proc, module.asked = tmp_path, []
    return module


def process(strangers, number, unit, program, *, user=NOVA, loaded='', groups='0::/system.slice/{0}.service'):
    place = strangers.proc / str(number)
    place.mkdir()
    (place / 'status').write_text(f'Name:\tx\nUid:\t{user}\t{user}\t{user}\t{user}\nGid:\t1\n')
    (place / 'cgroup').write_text(groups.format(unit) + '\n')
    (place / 'maps').write_text(f'7f00-7f01 r-xp 00000000 08:01 5 {loaded}\n')
    (place / 'exe').symlink_to(program)


def test_an_instance_of_a_template_is_found(strangers):
    process(strangers, 10, 'nova-conductor@2', PYTHON)
    assert strangers.units() == ['nova-conductor@2']
    assert strangers.asked == ['nova-conductor@2'], 'a host has hundreds of units'


@pytest.mark.parametrize('groups', ['0::/system.slice/{0}.service/workers',
                                    '4:memory:/user.slice\n1:name=systemd:/system.slice/{0}.service'])
def test_units_are_found_with_every_kind_of_control_groups(strangers, groups):
    process(strangers, 10, 'nova-conductor@2', PYTHON, groups=groups)
    assert strangers.units() == ['nova-conductor@2']


def test_nova_in_apache_is_found_and_apache_without_it_is_not(strangers):
    process(strangers, 20, 'apache2', '/usr/sbin/apache2', user=0)
    assert strangers.units() == []
    process(strangers, 21, 'apache2', '/usr/sbin/apache2', loaded='/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0')
    assert strangers.units() == ['apache2']


def test_a_service_of_nova_s_own_name_a_job_of_cron_s_and_another_user_are_none(strangers):
    process(strangers, 40, 'nova-conductor', PYTHON)
    process(strangers, 30, 'cron', '/usr/sbin/cron', user=0)
    process(strangers, 31, 'cron', PYTHON)
    process(strangers, 50, 'user@64060', '/usr/lib/systemd/systemd')
    process(strangers, 51, 'user@64060', PYTHON)
    process(strangers, 60, 'nova-agent', PYTHON, user=0)
    process(strangers, 70, 'session-1', PYTHON, groups='0::/user.slice/session-1.scope')
    assert strangers.units() == []


def test_a_process_that_ends_meanwhile_and_a_host_without_the_user_nova_are_no_error(strangers, monkeypatch):
    (strangers.proc / '99').mkdir()
    assert strangers.units() == []

    def missing(name):
        raise KeyError(name)

    monkeypatch.setattr(strangers.pwd, 'getpwnam', missing)
    process(strangers, 10, 'nova-conductor@2', PYTHON)
    assert strangers.units() == []
