"""What the installer takes for the host's nova, whom it lets decide, and which processes it takes for its services."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.installer_bed import STOCK, part, write_tree

NOBODY = 65534
SLEEP = 'import time; time.sleep(60)'
IDLE = f'#!{{python}}\n{SLEEP}\n'


@pytest.fixture
def module():
    """Imports one of the installer's modules with nothing asked yet."""
    interpreters = part('interpreters')
    interpreters._flags.clear()
    interpreters._parents.clear()
    return part


@pytest.fixture
def venv(tmp_path):
    """A virtualenv with a small nova, as its services' processes see it: bin/python is a link."""
    top = tmp_path / 'venv'
    version = f'python{sys.version_info[0]}.{sys.version_info[1]}'
    write_tree(top / 'lib' / version / 'site-packages', STOCK)
    (top / 'bin').mkdir()
    (top / 'bin/python').symlink_to(Path(sys.executable).resolve())
    (top / 'pyvenv.cfg').write_text(f'home = {Path(sys.executable).resolve().parent}\n')
    for name in ('nova-conductor', 'glance-api', 'start-me'):
        text = IDLE.format(python=top / 'bin/python')
        (top / 'bin' / name).write_text(text + ('from nova import cmd\n' if name == 'start-me' else ''))
        (top / 'bin' / name).chmod(0o755)
    top.parent.chmod(0o755)
    return top


def site(venv):
    return next(venv.glob('lib/python*/site-packages'))


def is_at_rest(pid):
    """Whether a process has become the program that it was to be, and all it does is sleep."""
    state = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
    return state == 'S' and Path(f'/proc/{pid}/exe').readlink().name not in ('bash', 'dash')


@pytest.fixture
def start(tmp_path):
    """Starts processes, and ends them after the test."""
    running = []

    def starter(*words, title=None, **options):
        command = ['bash', '-c', 'exec -a "$0" "$@"', title, *words] if title else list(words)
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
        running.append(process)
        end = time.time() + 60
        while not is_at_rest(process.pid) and time.time() < end:
            time.sleep(0.01)
        return process

    yield starter
    for process in running:
        process.kill()
        process.wait()


def found(module, venv, process):
    """What the installer makes of one process: (name, whether it is sure), or None."""
    nova = module('findnova').Nova(str(site(venv)), str(venv / 'bin/python'))
    services = [service for service in module('services').running(nova) if service.pid == process.pid]
    return (services[0].name, services[0].is_sure) if services else None


# --- services --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('name, seen', [('nova-conductor', ('nova-conductor', True)), ('glance-api', None),
                                        ('start-me', ('start-me', True))])
def test_a_script_is_a_service_of_nova_by_its_name_or_by_what_it_imports(module, venv, start, name, seen):
    assert found(module, venv, start(venv / 'bin' / name)) == seen


@pytest.fixture
def uwsgi(venv):
    shutil.copy(Path(sys.executable).resolve(), venv / 'bin/uwsgi')
    return venv / 'bin/uwsgi'


def settings(tmp_path, text):
    path = tmp_path / 'api.ini'
    path.write_text(text)
    return path


@pytest.mark.parametrize('folder', ['.', 'nova-settings'])
def test_uwsgi_with_an_ini_of_novas_name(module, venv, start, uwsgi, tmp_path, folder):
    ini = tmp_path / folder / 'nova-api-os-compute.ini'
    ini.parent.mkdir(exist_ok=True)
    ini.write_text('[uwsgi]\n')
    running = start(uwsgi, '-c', SLEEP, '--autoload', '--ini', ini)
    assert found(module, venv, running) == ('nova-api-os-compute', True)


@pytest.mark.parametrize('text, seen', [('[uwsgi]\nmodule = nova.wsgi.osapi_compute\n', True),
                                        ('[uwsgi]\nmodule = keystone.wsgi\n', None)])
def test_uwsgi_is_what_its_settings_say(module, venv, start, uwsgi, tmp_path, text, seen):
    what = found(module, venv, start(uwsgi, '-c', SLEEP, '--ini', settings(tmp_path, text)))
    assert (what and what[1]) == seen


def test_a_title_that_was_written_over(module, venv, start, uwsgi):
    running = start(uwsgi, '-c', SLEEP, title='nova-apiuWSGI master')
    assert found(module, venv, running)[1] is True


def test_what_cannot_be_told_is_said(module, venv, start, uwsgi, capfd):
    running = start(uwsgi, '-c', SLEEP, title='an application')
    assert found(module, venv, running)[1] is False
    services = module('services')
    nova = module('findnova').Nova(str(site(venv)), str(venv / 'bin/python'))
    mine = [service for service in services.running(nova) if service.pid == running.pid]
    assert services.restart(nova, mine) is False
    assert 'could not tell' in capfd.readouterr().out


def test_pythonpath_in_its_environment_decides(module, venv, start, tmp_path):
    other = tmp_path / 'target'
    write_tree(other, STOCK)
    running = start(venv / 'bin/nova-conductor', env=dict(os.environ, PYTHONPATH=str(other)))
    assert found(module, venv, running) is None
    nova = module('findnova').Nova(str(other), None)
    assert running.pid in [service.pid for service in module('services').running(nova)]


@pytest.mark.parametrize('title, name', [
    ('nova-conductor: master process [/opt/venv/bin/nova-conductor --log-file=/var/log/nova/nova-conductor.log]',
     'nova-conductor'), ('nova-manage: master process [/opt/venv/bin/nova-manage]', None)])
def test_the_title_that_oslo_service_gives(module, title, name):
    assert module('programs').nova_of([title]) == name


def test_a_moved_virtualenv_is_run_by_the_interpreter_in_it(module, venv, monkeypatch, tmp_path):
    moved = tmp_path / 'moved'
    (venv / 'bin/nova-manage').write_text(IDLE.format(python=venv / 'bin/python'))
    (venv / 'bin/nova-manage').chmod(0o755)
    venv.rename(moved)
    monkeypatch.setenv('NOVA_CASCADING_PATH', f'{moved}/bin')
    monkeypatch.setattr(module('findnova'), 'PLACES', ())
    assert str(moved / 'bin/python') in [one.python for one in module('findnova')._of_scripts()]


def test_a_copied_virtualenvs_script_runs_the_nova_of_the_first(module, venv, start, tmp_path):
    """cp -a keeps the first line of each script; a unit names only the script."""
    script = tmp_path / 'copy/bin/nova-conductor'
    shutil.copytree(venv, tmp_path / 'copy', symlinks=True)
    assert module('programs').parents_of([str(script)], {}) == []
    assert module('programs').interpreters_of([str(script)], {})[0] == str(venv / 'bin/python')
    running = start(script)
    assert found(module, venv, running) == ('nova-conductor', True)
    assert found(module, tmp_path / 'copy', running) is None


def test_a_worker_goes_with_its_master(module, venv, start):
    script = venv / 'bin/nova-scheduler'
    script.write_text(f'#!{venv}/bin/python\nimport os\nos.fork()\n{SLEEP}\n')
    script.chmod(0o755)
    running = start(script)
    nova = module('findnova').Nova(str(site(venv)), str(venv / 'bin/python'))
    services = [service for service in module('services').running(nova) if service.name == 'nova-scheduler']
    assert [service.pid for service in services] == [running.pid]
    for child in Path(f'/proc/{running.pid}/task/{running.pid}/children').read_text().split():
        os.kill(int(child), 9)


# --- trust -----------------------------------------------------------------------------------------------------------

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can be somebody else')


@pytest.fixture
def pretender(tmp_path):
    """A program that leaves a mark when it runs, and a script with a name like a service's."""
    for folder in (tmp_path, tmp_path.parent):
        folder.chmod(0o755)
    for name, text in (('python3', f'#!/bin/sh\ntouch {tmp_path}/ran\n'), ('nova-x', SLEEP)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


@needs_root
def test_nobodys_process_with_novas_words_is_not_listened_to(module, pretender, start):
    words = ('/usr/bin/python3', '/dev/stdin', 'x')
    with (pretender / 'nova-x').open() as script:
        running = start(*words, title=str(pretender / 'python3'), stdin=script, preexec_fn=lambda: os.setuid(NOBODY))
    assert module('processes').Process(running.pid).users == {NOBODY}
    found = module('findnova')._of_processes()
    assert str(pretender / 'python3') not in [candidate.python for candidate in found]


@needs_root
def test_what_nobody_starts_under_novas_name_is_no_question_to_the_administrator(module, pretender, venv, start):
    with (pretender / 'nova-x').open() as script:
        running = start('/usr/bin/python3', stdin=script, title='nova-api', preexec_fn=lambda: os.setuid(NOBODY))
    assert found(module, venv, running) is None


def test_whoever_runs_it_the_kernel_says_which_program_it_is(module, pretender, start):
    running = start('/usr/bin/python3', pretender / 'nova-x', title=str(pretender / 'python3'))
    process = module('processes').Process(running.pid)
    assert process.words[0] == str(pretender / 'python3') and process.says_nova
    assert process.interpreters() == [str(Path('/usr/bin/python3').resolve())]
    module('findnova')._parents(module('findnova')._of_processes(), [])
    assert not (pretender / 'ran').exists()


def test_the_users_of_a_process_come_from_its_status_not_from_its_folder(module):
    assert module('processes').Process(os.getpid()).users == {os.getuid()}


@pytest.mark.parametrize('change, reason', [
    (lambda venv: (venv / 'bin').chmod(0o777), 'bin can be written by everybody'),
    (lambda venv: (venv / 'pyvenv.cfg').chmod(0o666), 'pyvenv.cfg can be written by everybody'),
    (lambda venv: site(venv).chmod(0o777), 'site-packages can be written by everybody'),
    (lambda venv: (site(venv) / 'nova/manager.py').chmod(0o666), 'manager.py can be written by everybody'),
    pytest.param(lambda venv: os.chown(venv, NOBODY, NOBODY), 'belongs to the user nobody', marks=needs_root),
    pytest.param(lambda venv: (os.chown(venv / 'bin', 0, NOBODY), (venv / 'bin').chmod(0o775)),
                 'bin can be written by the group nogroup', marks=needs_root)])
@pytest.mark.parametrize('way', ['python', 'parent'])
def test_what_others_can_write_is_refused_by_name(module, venv, change, reason, way):
    change(venv)
    find, refusal = module('findnova').find, module('say').Refusal
    words = {'python': str(venv / 'bin/python'), 'parent': str(site(venv)) if way == 'parent' else None}
    with pytest.raises(refusal) as error:
        find(**words)
    assert reason in error.value.what


@needs_root
def test_the_owner_of_a_named_tree_may_write_it_and_its_interpreter(module, venv):
    for path in [venv, *venv.rglob('*')]:
        os.chown(path, NOBODY, -1, follow_symlinks=False)
    nova = module('findnova').find(str(site(venv)), str(venv / 'bin/python'))
    assert nova.parent == str(site(venv))


def test_a_sticky_folder_on_the_way_is_no_weakness(module, tmp_path):
    shared = tmp_path / 'shared'
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / 'mine').write_text('')
    assert module('trust').weakness(str(shared / 'mine'), module('trust').ourselves()) is None
    shared.chmod(0o777)
    assert 'everybody' in module('trust').weakness(str(shared / 'mine'), module('trust').ourselves())


def test_a_program_that_never_ends_is_not_waited_for(module, tmp_path, monkeypatch):
    program = tmp_path / 'python3'
    program.write_text('#!/bin/sh\nexec sleep 600\n')
    program.chmod(0o755)
    monkeypatch.setattr(module('interpreters'), 'SECONDS', 0.3)
    before = time.time()
    assert module('interpreters').parent_of(str(program)) is None
    assert time.time() - before < 20


def test_neither_pythonpath_nor_the_current_folder_is_run(module, tmp_path, monkeypatch, venv):
    for name in ('sitecustomize', 'usercustomize', 'imp', 'nova', 'runpy'):
        (tmp_path / f'{name}.py').write_text(f'open("{tmp_path}/ran", "w")\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('PYTHONPATH', str(tmp_path))
    assert module('interpreters').parent_of(str(venv / 'bin/python')) == str(site(venv))
    nova = module('findnova').Nova(str(site(venv)), str(venv / 'bin/python'))
    command = module('interpreters').start(nova, 'module', 'nova.manager')
    assert module('run').run(command)[0] == 0
    assert not (tmp_path / 'ran').exists()


def test_a_target_folder_comes_first_when_the_interpreter_does_not_know_it(module, tmp_path):
    write_tree(tmp_path / 'target', {**STOCK, 'nova/where.py': b'print(__file__)\n'})
    nova = module('findnova').Nova(str(tmp_path / 'target'), sys.executable)
    status, output = module('run').run(module('interpreters').start(nova, 'module', 'nova.where'))
    assert (status, output.strip()) == (0, str(tmp_path / 'target/nova/where.py'))


# --- where programs and libraries are --------------------------------------------------------------------------------

@pytest.mark.parametrize('layout', ['home/.local/lib/python3.11/site-packages', 'target',
                                    'prefix/lib/python2.7/dist-packages'])
def test_user_target_and_prefix_installations_are_found_from_their_scripts(module, tmp_path, layout):
    parent = tmp_path / layout
    write_tree(parent, STOCK)
    script = tmp_path / layout.partition('/lib')[0] / 'bin/nova-conductor'
    script.parent.mkdir(exist_ok=True)
    script.write_text('#!/usr/bin/python3\n')
    assert module('programs').parents_of(['/usr/bin/python3', str(script)], {}) == [str(parent)]
    assert module('programs').interpreters_of([str(script)], {}) == ['/usr/bin/python3']


@pytest.mark.parametrize('how', ['pth', 'egg-link', 'finder', 'link'])
def test_editable_installations_are_found_by_asking(module, venv, tmp_path, how):
    tree = tmp_path / 'src'
    tree.mkdir()
    shutil.move(site(venv) / 'nova', tree / 'nova')
    if how == 'link':
        (site(venv) / 'nova').symlink_to(tree / 'nova')
    elif how == 'finder':
        (site(venv) / '__editable___nova_finder.py').write_text(
            'import sys\nfrom importlib.machinery import PathFinder\n'
            'class Finder:\n    @classmethod\n    def find_spec(cls, name, path=None, target=None):\n'
            f'        return PathFinder.find_spec(name, ["{tree}"]) if name == "nova" else None\n'
            'def install():\n    sys.meta_path.append(Finder)\n')
        (site(venv) / '__editable__.nova.pth').write_text(
            'import __editable___nova_finder; __editable___nova_finder.install()\n')
    else:
        (site(venv) / ('nova.pth' if how == 'pth' else 'easy-install.pth')).write_text(f'{tree}\n')
        (site(venv) / 'nova.egg-link').write_text(f'{tree}\n.\n')
    assert module('findnova').find(python=str(venv / 'bin/python')).parent == str(tree)


def test_files_that_are_links_into_a_cache_do_not_make_the_cache_the_tree(module, venv, tmp_path):
    """As uv (UV_LINK_MODE=symlink) and pip (editable_mode=strict) leave them."""
    shutil.copytree(site(venv) / 'nova', tmp_path / 'cache', copy_function=os.link)
    for path in site(venv).rglob('nova/**/*.py'):
        path.unlink()
        path.symlink_to(tmp_path / 'cache' / path.relative_to(site(venv) / 'nova'))
    assert module('findnova').find(python=str(venv / 'bin/python')).parent == str(site(venv))


def test_without_an_interpreter_no_nova_manage_is_its_own(module, tmp_path, monkeypatch):
    (tmp_path / 'nova-manage').write_text('')
    monkeypatch.chdir(tmp_path)
    assert module('plan').manage_of(module('findnova').Nova(str(tmp_path), None)) is None


def test_not_found_names_both_options(module, monkeypatch):
    findnova = module('findnova')
    monkeypatch.setattr(findnova, '_search', lambda: None)
    with pytest.raises(module('say').Refusal) as error:
        findnova.find()
    assert '--nova-parent DIR' in error.value.hint and '--python PYTHON' in error.value.hint
