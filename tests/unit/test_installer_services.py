"""Nova's services in each spelling that deployers use, and who else would go along with a restart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installer_bed import STOCK, part, write_tree


@pytest.fixture
def script(tmp_path):
    """Makes a program in a virtualenv's bin/."""
    def make(name, text):
        path = tmp_path / 'venv/bin' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return str(path)
    return make


@pytest.mark.parametrize('words, name', [
    ('python3 /v/bin/nova-conductor', 'nova-conductor'),
    ('python3 -s -W ignore -X dev /v/bin/nova-compute --config-file x', 'nova-compute'),
    ('pypy3 --check-hash-based-pycs never /v/bin/nova-scheduler', 'nova-scheduler'),
    ('/v/bin/python -m nova.cmd.conductor', 'nova.cmd.conductor'),
    ('/v/bin/python3.13 -Im nova.cmd.api', 'nova.cmd.api'),
    ('/v/bin/python -m coverage run /v/bin/nova-api', 'nova-api'),
    ('/v/bin/python -m debugpy --listen 5678 /v/bin/nova-novncproxy', 'nova-novncproxy'),
    ('/v/bin/python -m nova.cascading db sync', None),
    ('/v/bin/python -m coverage run /v/bin/nova-manage db sync', None),
    ('/v/bin/python -m glance.cmd.api', None),
    ('/v/bin/python /v/bin/nova-rootwrap-daemon /etc/nova/rootwrap.conf', None)])
def test_command_lines(words, name):
    assert part('programs').nova_of(words.split()) == name


@pytest.mark.parametrize('code, is_nova', [('import sys; from nova.cmd.api import main; sys.exit(main())', True),
                                           ('from multiprocessing.spawn import spawn_main; spawn_main()', False),
                                           ('import novaclient', False)])
def test_code_on_the_command_line(code, is_nova):
    assert bool(part('programs').nova_of(['python3', '-c', code])) is is_nova


@pytest.mark.parametrize('first', ['/usr/bin/env python', '/usr/bin/env -S python -I', ' /usr/bin/env A=1 python'])
def test_env_finds_the_interpreter_on_the_path_of_the_service_not_on_ours(script, first):
    python, service = script('python', ''), script('nova-api', f'#!{first}\n')
    environ = {'PATH': f'/nowhere:{Path(python).parent}:/usr/bin'}
    assert part('programs').interpreters_of([service], environ)[0] == python
    assert part('programs').interpreters_of(['python', service], environ)[0] == python


def test_gunicorn_with_novas_application_is_its_service(tmp_path):
    process = fake(part('processes'), exe=sys.executable, words=['python3', '/v/bin/gunicorn', 'nova.wsgi:application'])
    assert part('services').name_of(process).endswith('nova.wsgi:application')
    process = fake(part('processes'), exe=sys.executable, words=['gunicorn: master [keystone.wsgi]'])
    assert part('services').name_of(process) == 'unknown'


def fake(processes, **told):
    """A process of which the kernel says this; it has no files open, whatever other tests leave open in this one."""
    made = type('Told', (processes.Process,), {'open_files': []})(os.getpid())
    vars(made).update(told)
    return made


@pytest.mark.parametrize('settings, name', [
    ('WSGIDaemonProcess nova-api processes=2\nWSGIScriptAlias / /v/bin/nova-api-wsgi\n', 'nova in Apache'),
    ('  wsgiscriptalias /compute /usr/share/nova/wsgi.py\n', 'nova in Apache'),
    ('# WSGIScriptAlias / /v/bin/nova-api-wsgi\nWSGIDaemonProcess keystone\n', 'no')])
def test_apache_by_its_settings(tmp_path, monkeypatch, settings, name):
    (tmp_path / 'site.conf').write_text(settings)
    monkeypatch.setattr(part('services'), 'APACHE', (f'{tmp_path}/*.conf',))
    process = fake(part('processes'), exe='/usr/sbin/apache2', words=['(wsgi:whatever', '-k', 'start'])
    assert part('services').name_of(process) == name


def test_nginx_unit_by_its_settings(tmp_path, monkeypatch):
    (tmp_path / 'conf.json').write_text('{"applications": {"api": {"module": "nova.wsgi.osapi_compute"}}}')
    monkeypatch.setattr(part('services'), 'NGINX_UNIT', (f'{tmp_path}/conf.json',))
    process = fake(part('processes'), exe='/usr/sbin/unitd', words=['unit: "api" application'])
    assert part('services').name_of(process) != 'no'


@pytest.mark.parametrize('words, started, is_shared', [
    ('/usr/bin/python3 /usr/bin/supervisord -n', 'supervisor.service /usr/bin/supervisord', True),
    ('/usr/bin/uwsgi --emperor /etc/uwsgi', 'uwsgi.service', True),
    ('/usr/bin/uwsgi --ini emperor.ini', 'uwsgi-emperor.service', True),
    ('uWSGI Emperor', 'nova-emperor.service /usr/bin/uwsgi --ini emperor.ini', True),
    ('/usr/sbin/apache2 -k start', 'apache2.service', True),
    ('/bin/sh /usr/local/bin/start-all', 'openstack.service /usr/local/bin/start-all', True),
    ('/v/bin/uwsgi --ini /etc/uwsgi/nova-api.ini', 'nova-api.service /v/bin/uwsgi', False),
    ('/bin/sh -c exec /v/bin/nova-api', 'api.service /bin/sh -c exec /v/bin/nova-api', False)])
def test_what_looks_after_others_too_is_not_restarted(tmp_path, words, started, is_shared):
    (tmp_path / 'emperor.ini').write_text('[uwsgi]\nemperor = /etc/uwsgi/nova-vassals\n')
    words, started = (text.replace('emperor.ini', f'{tmp_path}/emperor.ini') for text in (words, started))
    words = words.split()
    top = fake(part('processes'), exe=words[0], words=words)
    assert part('services')._is_shared(top, started) is is_shared


@pytest.mark.parametrize('cgroup, unit', [
    ('0::/system.slice/system-devstack.slice/devstack@n-cpu.service', 'devstack@n-cpu.service'),
    ('1:name=systemd:/system.slice/nova-api.service', 'nova-api.service'),
    ('0::/system.slice/nova-compute.service/workers', 'nova-compute.service'),
    ('0::/user.slice/user-1000.slice/user@1000.service/app.slice/nova-api.service', None),
    ('0::/system.slice/docker-0123.scope', None), ('0::/', None)])
def test_the_unit_of_a_process(tmp_path, monkeypatch, cgroup, unit):
    processes = part('processes')
    monkeypatch.setattr(processes, 'SYSTEMD', str(tmp_path))
    monkeypatch.setattr(processes.Process, '_text', lambda self, name: cgroup + '\n' if name == 'cgroup' else '')
    assert processes.Process(1).unit == unit


def test_what_started_before_a_change_is_known_whatever_the_clock_was_set_to(monkeypatch):
    """btime of /proc/stat moves with the clock; ticks since the machine started do not."""
    processes, services = part('processes'), part('services')
    sleeping = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
    try:
        now = processes.now()
        assert processes.Process(sleeping.pid).started() <= now[1] < processes.now()[1] + 1
        monkeypatch.setattr(processes, 'running', lambda: [processes.Process(sleeping.pid)])
        monkeypatch.setattr(services, 'verdict', lambda process, nova: (services.YES, 'nova-api'))
        assert [service.pid for service in services.running(None, now)] == [sleeping.pid]
        assert services.running(None, (now[0], 0)) == services.running(None, ('before the last boot', now[1])) == []
    finally:
        sleeping.kill()
        sleeping.wait()


def test_in_a_container_its_own_files_decide_and_the_container_is_named(tmp_path, monkeypatch):
    services, findnova = part('services'), part('findnova')
    monkeypatch.setattr(part('processes').Process, 'is_here', False)
    write_tree(tmp_path / 'tree', STOCK)
    process = fake(part('processes'), exe=sys.executable, words=['python3', '/v/bin/nova-compute'])
    assert services.tree_of(process, findnova.Nova(str(tmp_path / 'tree'), None)) == services.YES
    assert services.tree_of(process, findnova.Nova('/elsewhere', None)) == services.NO
    assert 'container' in services._restart_of(process, 'nova-compute')[1]
