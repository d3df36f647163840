"""The scriptlets of the rpm: none ever fails, as a failing one leaves a host without any nova; and what they say."""

import os
import re
import subprocess
import sys

import pytest

from builder.common.project import PROJECT

SPEC = (PROJECT / 'rpm/python-nova-cascading.spec').read_text()
NEXT = 'Next: nova-cascading db sync && nova-cascading services restart-running'
NAMES = ('pre', 'post', 'preun', 'posttrans', 'postun')
DUE = 'var/lib/nova-cascading/catch-up'
MACROS = re.findall(r'^%global (stop_catch_up|start_catch_up|note_due) (.*)', SPEC, re.M)


def scriptlet(name, place, python='false'):
    """One scriptlet as rpm would run it, with the fork's command and all tools of the system from *place*."""
    text = re.search(rf'^%{name}\n(.*?)^%(?:pre|post|files|preun|postun|posttrans)', SPEC, re.S | re.M)[1]
    text = re.sub(r'^%(if|else|endif).*\n', '', text, flags=re.M)
    for macro, value in (('_bindir', place), ('_prefix', place), ('nova_site', place), ('nova_interpreter', python),
                         ('nova_isolated', ''), ('dnf_plugins', f'cat {place}/where-dnf-looks'), *MACROS):
        text = text.replace(f'%{{{macro}}}', str(value))
    assert '%{' not in text
    for path in ('/run/nova-cascading', '/var/lib/nova-cascading'):
        text = text.replace(path, f'{place}{path}')
    return text.replace('/run/systemd/system', str(place / 'systemd')).replace('/etc/init.d', str(place))


def run(name, place, status, argument='1', restart=1, has_nova=True):
    """Run it where `nova-cascading db sync` ends with *status* and everything else fails; returns what it printed."""
    for tool in ('systemctl', 'logger', 'timeout'):
        put(place / tool, f'echo {tool} "$@"; exit 1')
    put(place / 'flock', 'shift 3; exec "$@"')
    put(place / 'nova-cascading', f'echo "ran $*"; [ "$1" = services ] && exit {restart}; exit {status}')
    if has_nova:
        (place / 'nova').mkdir(exist_ok=True)
        (place / 'nova/__init__.py').touch()
    done = subprocess.run(['sh', '-c', scriptlet(name, place), name, argument], capture_output=True, text=True,
                          env={'PATH': f'{place}:/usr/bin:/bin'})
    assert done.returncode == 0, done
    return done.stdout + done.stderr


def put(path, script):
    path.write_text(f'#!/bin/sh\n{script}\n')
    path.chmod(0o755)


def preflight(place, *words, python='', package='', files=()):
    """What the check before dnf says, in a system below *place*.

    :param python: path of the one Python that has a nova; python3 is there in any case.
    :param package: what rpm has.
    """
    text = (PROJECT / 'rpm/nova-cascading-preflight.in').read_text().replace('@PREFLIGHT@', '')
    for folder in ('/usr/', '/etc/'):
        text = text.replace(folder, f'{place}{folder}')
    for folder in ('usr/bin', 'usr/libexec', 'etc/nova'):
        (place / folder).mkdir(parents=True)
    put(place / 'usr/bin/python3', 'exit 1')
    put(place / 'usr/bin/rpm', f'[ "$2" = "{package}" ]')
    if python:
        put(place / python, 'case "$*" in *"import nova") ;; *) echo "asked with ${0##*/} $1" ;; esac')
    for name in files:
        (place / name).touch()
    done = subprocess.run(['sh', '-s', '--', *words], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(('python', 'option'), [
    ('usr/bin/python3', '-I'), ('usr/bin/python2', '-E'), ('usr/bin/python', '-E'), ('usr/bin/python2.7', '-E'),
    ('usr/bin/python3.6', '-I'), ('usr/bin/python3.12', '-I'), ('usr/libexec/platform-python', '-E')])
def test_the_check_before_dnf_finds_the_python_that_nova_has_whatever_python3_is(tmp_path, python, option):
    asked = preflight(tmp_path, python=python, package='python3-nova')
    assert asked == (0, f'asked with {python.rpartition("/")[2]} {option}\n')


@pytest.mark.parametrize(('state', 'status', 'said'), [
    ({'package': 'python3-nova'}, 3, 'python3-nova is installed, but no Python of this host finds a nova'),
    ({'package': 'python-nova'}, 3, 'python-nova is installed, but'),
    ({'files': ['etc/nova/nova.conf', 'usr/bin/nova-manage']}, 3, 'usr/bin/nova-manage is there, but'),
    ({'files': ['etc/nova/nova.conf']}, 0, 'there is nothing to migrate'), ({}, 0, 'there is nothing to migrate')])
def test_a_nova_that_no_python_finds_is_not_taken_for_none(tmp_path, state, status, said):
    """Nor is nova.conf taken for a nova, which configuration management writes first."""
    answer = preflight(tmp_path, **state)
    assert (answer[0], said in answer[1]) == (status, True), answer
    assert ('Next: see which Python runs nova' in answer[1]) == bool(status)


@pytest.mark.parametrize('words', [
    ['--config-fil', '/other.conf'], ['--config-file'], ['--config-file', ''], ['--config-file='], ['/other.conf'],
    ['--config-file', '--config-dir', '/other'], ['--config-file', '/other.conf', '--config-dir'], ['--adopt-2014']],
    ids=' '.join)
@pytest.mark.parametrize('python', ['usr/bin/python3', ''], ids=['nova', 'no nova'])
def test_the_check_before_dnf_asks_no_other_nova_conf_for_the_one_that_was_meant(tmp_path, words, python):
    status, said = preflight(tmp_path, *words, python=python)
    assert (status, 'asked' in said.replace('nothing was asked', '')) == (2, False)
    assert 'Next: see what it takes: nova-cascading-preflight --help' in said


@pytest.mark.parametrize('words', [['--config-file', '/other.conf', '--config-dir=/other'], ['--config-dir', '/other']])
def test_the_check_before_dnf_takes_what_its_help_names(tmp_path, words):
    assert preflight(tmp_path, *words, python='usr/bin/python3') == (0, 'asked with python3 -I\n')
    status, said = preflight(tmp_path / 'help', '--help')
    assert (status, [word for word in words if word[0] == '-' and word.partition('=')[0] not in said]) == (0, [])


def test_of_several_files_the_last_counts_most_in_whichever_form_they_are_named(load):
    values = load('host.preflight').values
    words = ['--config-file', 'a', '--config-file=b', '--config-dir', 'd', '--config-file', 'c']
    assert (values(words, '--config-file'), values(words, '--config-dir')) == (['a', 'b', 'c'], ['d'])
    assert values(['--adopt-2014'], '--config-file') is None


def test_an_upgrade_makes_byte_code_anew_though_all_our_packages_have_one_time(tmp_path):
    """Python 2 takes the byte code of a module for its own by the time alone, Python 3 by time and size."""
    module = tmp_path / 'nova/a.py'
    module.parent.mkdir()
    plugin = tmp_path / 'lib/yum-plugins/nova_cascading.pyc'
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    for number in (1, 2):
        module.write_text(f'NUMBER = {number}\n')
        os.utime(module, (1400000000, 1400000000))
        done = subprocess.run(['sh', '-c', scriptlet('post', tmp_path, sys.executable), 'post', str(number)])
        assert done.returncode == 0
        found = subprocess.run([sys.executable, '-c', 'import a; print(a.NUMBER)'], capture_output=True, text=True,
                               cwd=module.parent, env={'PYTHONPATH': str(module.parent)})
        assert found.stdout == f'{number}\n'
    assert not plugin.exists()


@pytest.mark.parametrize('argument', ['0', '1', '2'])
@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('has_systemd', [True, False])
def test_no_scriptlet_fails_whatever_fails_in_it(tmp_path, name, argument, has_systemd):
    if has_systemd:
        (tmp_path / 'systemd').mkdir()
    for status in (0, 1, 2, 127):
        run(name, tmp_path, status, argument)


def test_what_was_migrated_is_restarted_without_a_word(tmp_path):
    said = run('posttrans', tmp_path, 0)
    assert 'ran services restart-running' in said and 'Next' not in said


def test_a_database_that_cannot_be_asked_now_is_told_apart_from_one_that_cannot_be_migrated(tmp_path):
    (tmp_path / 'systemd').mkdir()
    later, never = [run('posttrans', tmp_path, status) for status in (2, 1)]
    assert NEXT in later and NEXT in never
    assert 'cannot be asked or changed now' in later and 'changed now' not in never
    assert 'systemctl start --no-block nova-cascading-catch-up.service' in later
    assert 'catch-up' not in never
    assert 'restart-running"' not in later and 'ran services' not in later + never


@pytest.mark.parametrize(('sync', 'restart', 'is_left'), [
    (0, 0, False), (0, 1, False), (0, 2, True), (0, 3, False), (0, 4, False), (1, 0, False), (2, 0, True),
    (137, 0, True)])
def test_from_the_first_file_until_all_is_done_the_next_boot_would_make_up_for_it(tmp_path, sync, restart, is_left):
    (tmp_path / 'systemd').mkdir()
    run('post', tmp_path, 0)
    assert (tmp_path / DUE).exists() and (tmp_path / DUE).parent.stat().st_mode & 0o777 == 0o700
    said = run('posttrans', tmp_path, sync, restart=restart)
    assert (tmp_path / DUE).exists() == is_left
    assert ('systemctl start --no-block' in said) == (2 in (sync, restart))


@pytest.mark.parametrize(('name', 'argument', 'is_stopped'), [
    ('pre', '1', False), ('pre', '2', True), ('preun', '1', False), ('preun', '0', True)])
def test_what_makes_up_for_the_migration_does_not_meet_an_exchange_of_files(tmp_path, name, argument, is_stopped):
    (tmp_path / 'systemd').mkdir()
    said = run(name, tmp_path, 0, argument)
    assert ('systemctl stop nova-cascading-catch-up.service' in said) == is_stopped
    assert ('could not be stopped' in said) == is_stopped


def test_exports_of_mappings_outlive_the_package_and_the_note_of_a_migration_does_not(tmp_path):
    note = tmp_path / DUE
    note.parent.mkdir(parents=True)
    for name in ('catch-up', 'mappings-nova.csv.gz'):
        note.with_name(name).touch()
    run('postun', tmp_path, 0, '1')
    assert note.exists()
    run('postun', tmp_path, 0, '0')
    assert [path.name for path in note.parent.iterdir()] == ['mappings-nova.csv.gz']


@pytest.mark.parametrize('has_nova', [True, False])
def test_systemd_forgets_the_drop_in_that_went_also_where_no_nova_is_left_for_now(tmp_path, has_nova):
    """Or else `rpm -e` of the fork, and `rpm -i` of stock after it, leave services that cannot start."""
    (tmp_path / 'systemd').mkdir()
    said = run('postun', tmp_path, 0, '0', has_nova=has_nova)
    assert 'systemctl daemon-reload' in said and ('try-restart' in said) == has_nova
    assert 'daemon-reload' not in run('postun', tmp_path, 0, '1')


def test_dnfs_link_to_its_plugin_leads_to_the_new_place_while_the_old_one_is_still_there(tmp_path):
    """rpm takes the files of the old package away after the new one's %post: nova's Python may be another."""
    plugins, old, new = tmp_path / 'plugins', tmp_path / 'old.py', tmp_path / 'dnf-plugins/nova_cascading.py'
    (tmp_path / 'where-dnf-looks').write_text(f'{plugins}\n')
    link = plugins / 'nova_cascading.py'
    run('post', tmp_path, 0)
    assert link.readlink() == new
    link.unlink()
    old.touch()
    link.symlink_to(old)
    run('post', tmp_path, 0, '2')
    assert link.readlink() == new
    link.unlink()
    link.write_text('somebody put it here\n')
    run('post', tmp_path, 0, '2')
    assert not link.is_symlink()
