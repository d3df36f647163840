"""Where pip has installed the fork: it is known as pip's, and the way back is looked at before it is taken."""

import argparse
import json
import os

import pytest

SUMMARY = 'Cloud computing fabric controller; forked by nova-cascading 2, revision 1, from nova 26.3.0, git tree 0123'


@pytest.fixture
def pip(load, tmp_path, monkeypatch):
    """The module, in a nova of a virtualenv; its `answers` are what pip says: (status, text)."""
    module = load('host.pip')
    (tmp_path / 'nova').mkdir()
    info = tmp_path / 'nova-26.3.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text(f'Metadata-Version: 2.4\nName: nova\nVersion: 26.3.0\nSummary: {SUMMARY}\n')
    (info / 'RECORD').write_text('nova/__init__.py,sha256=x,1\nnova/cascading/__init__.py,sha256=x,1\n')
    monkeypatch.setattr(module.nova, '__file__', str(tmp_path / 'nova/__init__.py'), raising=False)
    monkeypatch.setattr(module.sys, 'executable', '/opt/my stack/bin/python')
    monkeypatch.setattr(module.running, 'has_systemd', lambda: False)
    monkeypatch.setattr(module.strangers, 'units', lambda: [])
    monkeypatch.setattr(module, 'MARK', str(tmp_path / 'EXTERNALLY-MANAGED'))
    asked, really = [], module.tools.ask

    def ask(words, seconds=0):
        if words[0] == str(tmp_path / 'bin/uv'):
            return really(words, seconds)
        asked.append(words)
        return module.answers['version' if '--version' in words else 'path' if '-c' in words else 'report']
    monkeypatch.setattr(module.tools, 'ask', ask)
    module.answers = {'version': (0, 'pip 23'), 'report': offered('Cloud computing fabric controller'),
                      'path': (0, f'/usr/lib/python3\n{tmp_path}\n')}
    module.asked, module.info = asked, info
    return module


def offered(summary, name='nova'):
    return 0, json.dumps({'install': [{'metadata': {'name': name, 'summary': summary},
                                       'download_info': {'url': 'http://index/x'}}]})


def test_pips_own_words_say_which_fork_it_is(pip):
    assert pip.provenance() == SUMMARY.partition('; ')[2]
    (pip.info / 'METADATA').write_text('Name: nova\nSummary: Cloud computing fabric controller\n')
    assert pip.provenance() is None


def test_what_pip_does_not_list_is_not_pips(pip):
    (pip.info / 'RECORD').write_text('nova/__init__.py,sha256=x,1\n')  # and install.sh has put the fork there
    assert pip.metadata() is None and pip.provenance() is None


@pytest.mark.parametrize('name', ['nova-15.1.5-py2.7.egg-info', 'nova-15.1.5.egg-info'])
def test_what_old_pips_left_is_read_as_well(pip, name):
    (pip.info / 'RECORD').unlink()
    old = pip.info.with_name(name)
    old.mkdir()
    (old / 'installed-files.txt').write_text('../nova/cascading/cli.py\n')
    assert pip.way_back(None)[0].endswith('nova==15.1.5')


def test_the_line_that_pip_was_asked_about_is_the_one_that_is_printed(pip):
    assert pip.way_back(None) == ["'/opt/my stack/bin/python' -I -m pip --disable-pip-version-check install --no-deps "
                                  '--force-reinstall nova==26.3.0']
    assert pip.asked[-1][-7:] == ['install', '--no-deps', '--force-reinstall', 'nova==26.3.0', '--dry-run', '--report',
                                  '-']


def test_pip_user_is_called_as_the_user_calls_it(pip, monkeypatch, tmp_path):
    monkeypatch.setattr(pip.site, 'USER_BASE', str(tmp_path))
    assert "bin/python' -m pip" in pip.way_back(None)[0]


def test_stock_nova_may_be_a_file_or_lie_in_a_directory(pip, tmp_path):
    wheel = tmp_path / 'nova-26.3.0-py3-none-any.whl'
    wheel.write_text('')
    assert pip.way_back(str(wheel))[0].endswith(str(wheel))
    assert pip.way_back(str(tmp_path))[0].endswith(f'--no-index --find-links {tmp_path} nova==26.3.0')


@pytest.mark.parametrize('answer, said', [
    (offered(SUMMARY), 'is the fork again, from http://index/x'),
    ((1, ''), 'finds no stock nova 26.3.0'),
    (offered('OpenStack Image Service', 'glance'), 'finds no stock nova 26.3.0'),
    ((0, '{"install": []}'), 'finds no stock nova 26.3.0')])
def test_what_would_not_bring_stock_nova_is_refused_with_the_next_command(pip, answer, said):
    pip.answers['report'] = answer
    with pytest.raises(Exception, match=said) as error:
        pip.way_back(None)
    assert 'nothing was changed' in str(error.value) and '--from WHEEL_OR_DIR' in str(error.value)


def test_a_pip_too_old_to_be_asked_is_believed(pip):
    pip.answers['report'] = (2, '')
    assert len(pip.way_back(None)) == 1


def test_pip_that_a_distribution_keeps_out_is_told_that_this_is_wanted_as_it_was_before(pip, tmp_path, monkeypatch):
    """PEP 668: it refuses, and not when it is asked what it would do."""
    (tmp_path / 'EXTERNALLY-MANAGED').write_text('')
    for prefix, is_told in (pip.sys.base_prefix, True), ('/opt/my stack', False):
        monkeypatch.setattr(pip.sys, 'prefix', prefix)
        assert ('--break-system-packages' in pip.way_back(None)[0]) == is_told


def test_a_nova_that_pip_would_not_exchange_is_left_alone(pip, tmp_path):
    """pip install --target: it would put another one elsewhere, which nobody asked for."""
    pip.answers['path'] = (0, '\n/usr/lib/python3\n')
    with pytest.raises(Exception, match=f'would leave the nova in {tmp_path} as it is.*nothing was changed') as error:
        pip.way_back(None)
    assert "-m pip --disable-pip-version-check install --target DIRECTORY nova==26.3.0" in str(error.value)


@pytest.fixture
def uv(pip, tmp_path, monkeypatch):
    """Gives a Python without pip a uv whose nova has a summary, in the caller's PATH alone."""
    monkeypatch.setattr(pip.uv.safefile, 'refuse_open', lambda path: None)  # the test's own place is not root's
    monkeypatch.setenv('PATH', f'.:{tmp_path}/no:{tmp_path}/bin:/usr/bin:/bin')
    pip.answers['version'] = (1, '')

    def make(summary):
        (tmp_path / 'bin').mkdir()
        program = tmp_path / 'bin/uv'
        program.write_text(f'''#!/bin/sh
for place; do :; done
echo "$*" >>{tmp_path}/asked
[ -n "{summary}" ] || exit 1
mkdir "$place/nova-26.3.0.dist-info"
echo 'Summary: {summary}' >"$place/nova-26.3.0.dist-info/METADATA"
''')
        program.chmod(0o755)
        return program
    return make


def test_without_pip_uv_is_named_by_its_path_and_was_asked_about_the_same_line(pip, uv, tmp_path):
    program = uv('Cloud computing fabric controller')
    words = "--directory / pip install --python {}/opt/my stack/bin/python{} --no-deps --reinstall nova==26.3.0"
    assert pip.way_back(None) == [f'{program} ' + words.format("'", "'")]
    asked, place = (tmp_path / 'asked').read_text().rstrip('\n').split(' --target ')
    assert asked == words.format('', '') and not os.path.exists(place)  # noqa: PTH110


@pytest.mark.parametrize('summary, said', [(SUMMARY, 'uv takes is the fork again'), ('', 'uv finds no stock nova')])
def test_what_uv_would_not_bring_stock_nova_with_is_refused(pip, uv, summary, said):
    uv(summary)
    with pytest.raises(Exception, match=f'{said}.*nothing was changed') as error:
        pip.way_back(None)
    assert 'nova-cascading uninstall --from WHEEL_OR_DIR' in str(error.value)


def test_without_pip_and_uv_the_line_to_type_is_named(pip, uv, monkeypatch):
    monkeypatch.setattr(pip.running, 'has_systemd', lambda: True)
    monkeypatch.setattr(pip.strangers, 'restarts', lambda: ['systemctl restart nova-conductor.service'])
    with pytest.raises(Exception, match='has no pip, and there is no uv in PATH; nothing was changed') as error:
        pip.way_back(None)
    assert str(error.value).endswith(' nova==26.3.0; systemctl restart nova-conductor.service')


def test_a_uv_that_others_could_replace_is_not_run(pip, uv, load, monkeypatch, tmp_path):
    program = uv(SUMMARY)

    def refuse(path):
        if path == str(program):
            raise load('errors').CascadingError(f'{path} belongs to another user', 'x')
    monkeypatch.setattr(pip.uv.safefile, 'refuse_open', refuse)
    with pytest.raises(Exception, match='belongs to another user; nothing was changed') as error:
        pip.way_back(None)
    assert 'type it, with a uv that you trust: uv --directory / pip' in str(error.value)
    assert not (tmp_path / 'asked').exists()


@pytest.fixture
def tree(pip, tmp_path, monkeypatch):
    """nova runs from its source, beside which pip has put nothing."""
    (pip.info / 'RECORD').write_text('__editable__.nova-26.3.0.pth,,\n')
    site = tmp_path / 'site'
    site.mkdir()
    monkeypatch.setattr(pip.sys, 'path', ['', str(site), *pip.sys.path])
    return site


def link(pip, site, form, of):
    """As pip has linked nova's source: before PEP 660, and after."""
    if form == 'egg-link':
        pip.info.rename(of / 'nova.egg-info')
        (of / 'nova.egg-info/METADATA').rename(of / 'nova.egg-info/PKG-INFO')
        (site / 'nova.egg-link').write_text(f'{of}\n.')
    else:
        said = {'url': of.as_uri(), 'dir_info': {'editable': form == 'editable'}}
        pip.info.rename(site / pip.info.name)
        (site / pip.info.name / 'direct_url.json').write_text(json.dumps(said))


@pytest.mark.parametrize('form', ['egg-link', 'editable'])
def test_a_nova_that_runs_from_its_source_is_its_owners_who_is_told_the_way(pip, tree, load, monkeypatch, tmp_path,
                                                                             form):
    link(pip, tree, form, tmp_path)
    assert pip.metadata() is None and pip.provenance() == SUMMARY.partition('; ')[2]
    said = [fact for fact in load('host.status').code(None) if fact.kind == 'package']
    assert said[0].detail == f'run from its source in {tmp_path} (pip install -e), {pip.provenance()}'
    uninstall = load('host.uninstall')
    monkeypatch.setattr(uninstall.uninstall_apt, 'installed', lambda package: False)
    monkeypatch.setattr(uninstall, 'JOURNALS', str(tmp_path / 'journals'))
    monkeypatch.setattr(uninstall.nova, '__path__', [str(tmp_path / 'nova')])
    with pytest.raises(Exception, match='runs from its source in .*nothing was changed') as error:
        uninstall.way_back()
    assert f'git -C {tmp_path} checkout' in str(error.value) and f'--no-deps -e {tmp_path}`' in str(error.value)


def test_what_pip_has_copied_or_linked_from_elsewhere_does_not_run_from_its_source(pip, tree, load, tmp_path):
    link(pip, tree, 'copied', tmp_path)
    assert load('host.editable').metadata() is None
    (tree / pip.info.name / 'direct_url.json').write_text('[]')
    (tree / 'nova.egg-link').write_text('/elsewhere\n.')
    assert load('host.editable').metadata() is None


def test_where_systemd_runs_nova_the_services_are_restarted(pip, monkeypatch):
    monkeypatch.setattr(pip.running, 'has_systemd', lambda: True)
    monkeypatch.setattr(pip.running, 'names', lambda: ['nova-conductor', 'nova-scheduler'])
    monkeypatch.setattr(pip.strangers.restarting, 'which', lambda tool: False)
    monkeypatch.setattr(pip.strangers, 'units', lambda: ['apache2', 'nova-compute@a\\x2db', 'nova-conductor@2'])
    assert pip.way_back(None)[1:] == ['systemctl restart nova-conductor.service',
                                      'systemctl restart nova-scheduler.service',
                                      'systemctl restart nova-conductor@2.service',
                                      "systemctl restart 'nova-compute@a\\x2db.service'"]


def test_where_systemd_does_not_answer_units_of_every_name_are_restarted_once(pip, load, monkeypatch):
    def silent():
        raise load('errors').Unreachable('x', 'y')
    monkeypatch.setattr(pip.running, 'has_systemd', lambda: True)
    monkeypatch.setattr(pip.running, 'names', silent)
    monkeypatch.setattr(pip.strangers, 'units', silent)
    assert pip.way_back(None)[1:] == [pip.strangers.restarting.ONE_BY_ONE]


@pytest.mark.parametrize('record', ['nova/cascading/cli.py,,\n', 'nova/api.py,,\n'], ids=['elsewhere', 'here'])
def test_an_exchange_that_pips_settings_lead_elsewhere_is_no_success(pip, load, monkeypatch, capsys, record):
    """As PIP_DRY_RUN, PIP_ROOT and PIP_PREFIX do, with status 0."""
    uninstall = load('host.uninstall')
    for name in ('uninstall_apt', 'uninstall_yum'):
        monkeypatch.setattr(getattr(uninstall, name), 'installed', lambda package: False)
    monkeypatch.setattr(uninstall, 'pip', pip)
    monkeypatch.setattr(uninstall.subprocess, 'call', lambda *_, **__: (pip.info / 'RECORD').write_text(record) and 0)
    is_there = 'cascading' in record
    assert uninstall.run(argparse.Namespace(source=None, yes=True), None) == int(is_there)
    assert ("Next: see why: '/opt/my stack/bin/python' -I -m pip" in capsys.readouterr().err) == is_there


def test_an_exchange_by_uv_that_leaves_the_fork_is_no_success_either(pip, uv, load, monkeypatch, capsys):
    uninstall, program = load('host.uninstall'), uv('Cloud computing fabric controller')
    for name in ('uninstall_apt', 'uninstall_yum'):
        monkeypatch.setattr(getattr(uninstall, name), 'installed', lambda package: False)
    monkeypatch.setattr(uninstall.subprocess, 'call', lambda *_, **__: 0)
    assert uninstall.run(argparse.Namespace(source=None, yes=True), None) == 1
    said = capsys.readouterr().err
    assert f'that changed nothing. Next: see why: {program} ' in said and '--dry-run -v, then run it' in said


def test_a_source_is_known_by_its_whole_path(load, monkeypatch, tmp_path):
    """What is printed may be typed elsewhere, and rpm would take `a:b` for an address."""
    uninstall, given = load('host.uninstall'), []
    monkeypatch.setattr(uninstall.uninstall_yum, 'installed', lambda package: True)
    monkeypatch.setattr(uninstall.uninstall_yum, 'run', lambda own, source, yes: given.append(source))
    monkeypatch.chdir(tmp_path)
    for source in ('a:b.rpm', None):
        uninstall.run(argparse.Namespace(source=source, yes=False), None)
    assert given == [f'{tmp_path}/a:b.rpm', None]


def test_the_exchange_takes_away_the_files_that_know_the_services_and_nothing_is_asked_of_them_then(
        pip, load, monkeypatch, tmp_path):
    uninstall = load('host.uninstall')
    monkeypatch.setattr(uninstall.uninstall_yum, 'installed', lambda name: False)
    monkeypatch.setattr(uninstall.uninstall_apt, 'installed', lambda name: False)
    monkeypatch.setattr(uninstall, 'pip', pip)
    monkeypatch.setattr(pip.running, 'has_systemd', lambda: True)
    names = tmp_path / 'nova-services'
    names.write_text('conductor\n')
    monkeypatch.setattr(pip.running, 'NAMES', str(names))
    monkeypatch.setattr(pip.running, 'names', lambda: pip.running.ordered(['nova-conductor']))
    monkeypatch.setattr(uninstall, 'carry_out', lambda commands: names.unlink())
    assert not uninstall.run(argparse.Namespace(source=None, yes=True), None)
