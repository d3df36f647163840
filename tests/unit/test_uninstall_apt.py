"""The way back on hosts with apt, in every state that one can be in; the answers of dpkg and apt are given."""

import json
import subprocess
import types

import pytest

from builder.common.project import PROJECT

V1, V2, OWN = '2:26.2.2-1', '2:26.2.2-2', '2:26.2.2-1+cascading1'
INSTALLED = 'install ok installed'
FORK = f'python3-nova-cascading|{OWN}|{INSTALLED}||python3-nova (= {V1}), python-nova-cascading (= {OWN})'
OLD_FORK = f'python-nova-cascading|1:2014.1.5-0ubuntu1+cascading2|{INSTALLED}||python-nova'
COMPANION = f'|1:2014.1.5-0ubuntu1+cascading2|{INSTALLED}|nova (1:2014.1.5-0ubuntu1)|'


class Host:
    """What dpkg and apt of a host say."""

    def __init__(self):
        self.listed = [FORK, f'nova-common|{V1}|{INSTALLED}|nova|', f'nova-api|{V1}|{INSTALLED}|nova|',
                       f'nova-doc|{V1}|deinstall ok config-files|nova|']
        self.offered = {'python3-nova': [V1]}
        self.held = ''
        self.apt = 'apt 2.6.1 (amd64)'
        self.plan = (0, 'Remv python3-nova-cascading [1]\nInst python3-nova\n')
        self.candidate = '(none)'
        self.simulated = []
        self.files = {}

    def answer(self, command):
        if command[0] == 'dpkg-query':
            return 0, '\n'.join(self.listed)
        if command[:2] == ['apt-cache', 'madison']:
            rows = [f'{command[2]} | {version} | http://deb.example.org bookworm/main Packages'
                    for version in self.offered.get(command[2], [])]
            return 0, '\n'.join(rows)
        if command[0] == 'apt-mark':
            return 0, self.held
        if command[0] == 'apt-get':
            return 0, self.apt
        if command[0] == 'dpkg-deb':
            return 0, self.files.get(command[-1], '')
        if command[2:] == ['apt-cache', 'policy', 'nova-common']:
            return 0, f'{command[-1]}:\n  Installed: (none)\n  Candidate: {self.candidate}\n  Version table:\n'
        if command[0] == 'env':
            self.simulated.append(' '.join(command[2:]))
            return self.plan
        return 0, ''


@pytest.fixture
def host():
    return Host()


def compared(command, quiet=False):
    """dpkg --compare-versions A gt B, as far as these versions go; and an rpm that has nothing."""
    return int(command[0] == 'rpm' or command[2] < command[4])


@pytest.fixture
def way_back(load, monkeypatch, host):
    """way_back() gives the lines; its module's errors are way_back.errors."""
    running, restarting, uninstall = load('host.running'), load('host.restarting'), load('host.uninstall')
    monkeypatch.setattr(uninstall.uninstall_apt, 'ask', host.answer)
    monkeypatch.setattr(uninstall.uninstall_apt, 'output', lambda command: host.answer(command)[1])
    monkeypatch.setattr(uninstall.uninstall_apt, 'which', lambda tool: True)
    monkeypatch.setattr(uninstall.uninstall_apt, 'call', compared)
    monkeypatch.setattr(restarting, 'which', lambda tool: True)
    monkeypatch.setattr(running, 'call', compared)
    monkeypatch.setattr(running, 'names', lambda: ['nova-conductor', 'nova-api'])
    monkeypatch.setattr(running, 'has_systemd', lambda: True)
    monkeypatch.setattr(uninstall.uninstall_apt.strangers, 'units', lambda: ['apache2', 'nova-conductor@2'])
    monkeypatch.setattr(uninstall, 'JOURNALS', '/nowhere')

    def run(source=None):
        return uninstall.way_back(source)

    run.errors, run.running, run.carry_out = load('errors'), running, uninstall.carry_out
    return run


def test_the_exact_stock_version_and_then_what_ran(way_back, host):
    assert way_back() == [f'apt-get install -y python3-nova={V1}',
                          'deb-systemd-invoke restart nova-conductor.service',
                          'deb-systemd-invoke restart nova-api.service',
                          'systemctl restart nova-conductor@2.service']
    assert host.simulated == [f'apt-get -s install python3-nova={V1}']


@pytest.mark.parametrize(('copy', 'leaves', 'is_named'), [
    ('Pin: release *', True, False), ('Pin: release *\n# mine', False, True), (None, False, False)])
def test_an_unchanged_preferences_file_leaves_with_the_fork_and_a_changed_one_is_named(
        way_back, load, monkeypatch, tmp_path, copy, leaves, is_named):
    apt, path = load('host.uninstall_apt'), tmp_path / 'nova-cascading.pref'
    (tmp_path / 'python3-nova-cascading').write_text('Pin: release *')
    monkeypatch.setattr(apt, 'OFFERED', f'{tmp_path}/{{0}}')
    monkeypatch.setattr(apt, 'PREFERENCES', str(path))
    if copy:
        path.write_text(copy)
    assert (way_back()[1] == f'rm {path}', len(way_back())) == (leaves, 4 + leaves)
    said = apt.kept('python3-nova-cascading', 'python3-nova')
    assert bool(said) == (f'rm {path}' in said) == is_named


@pytest.mark.parametrize(('works', 'expected', 'said'), [
    (True, 0, ''), (False, 1, 'that changed nothing. Next: see why: apt-config dump APT::Get')])
def test_an_apt_whose_configuration_makes_it_only_download_has_not_gone_back(way_back, host, monkeypatch, capsys, works,
                                                                             expected, said):
    typed = []

    def call(command, **_):
        typed.append(command)
        if works:
            host.listed.remove(FORK)
        return 0

    monkeypatch.setattr('subprocess.call', call)
    assert way_back.carry_out(way_back()[:1 if works else None]) == expected
    assert typed == [f'apt-get install -y python3-nova={V1}']
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(('fails', 'typed', 'said'), [
    ('apt-get', 1, f'what follows it: dpkg --configure -a; apt-get install -y python3-nova={V1}; deb-systemd-invoke'),
    ('nova-conductor.service', 4, 'run it: deb-systemd-invoke restart nova-conductor.service\n')])
def test_a_service_that_does_not_restart_keeps_no_other_from_it(way_back, monkeypatch, host, capsys, fails, typed,
                                                                said):
    lines, ran = way_back(), []

    def call(command, **_):
        ran.append(command)
        host.listed = [row for row in host.listed if row != FORK]
        return int(fails in command)

    monkeypatch.setattr('subprocess.call', call)
    assert (way_back.carry_out(lines), ran) == (1, lines[:typed])
    assert said in capsys.readouterr().err


def test_where_stock_has_moved_on_all_of_nova_goes_there(way_back, host):
    host.offered = {'python3-nova': [V2]}
    assert way_back()[0] == f'apt-get install -y python3-nova={V2} nova-api={V2} nova-common={V2}'


def test_where_apt_has_no_stock_package_it_says_so_instead_of_doing_nothing(way_back, host):
    host.offered = {}
    with pytest.raises(way_back.errors.CascadingError, match=f'apt offers no python3-nova {V1}') as error:
        way_back()
    assert f'put the .deb of python3-nova={V1} here, then: nova-cascading uninstall --yes --from .' in str(error.value)


NEXT = '2:31.0.0-6'


@pytest.mark.parametrize(('candidate', 'expected'), [
    (NEXT, V2), ('2:26.2.2-3', '2:26.2.2-3'), ('(none)', V2), (V1, V2)], ids=[
    'the next release of the system', 'the newest of its own', 'the preferences file', 'an old one'])
def test_of_what_stock_has_moved_on_to_apt_s_own_choice_is_taken_but_never_another_series(way_back, host, candidate,
                                                                                          expected):
    host.offered, host.candidate = {'python3-nova': [NEXT, '2:27.0.0-1', '2:26.2.2-3', V2]}, candidate
    assert way_back()[0] == f'apt-get install -y python3-nova={expected} nova-api={expected} nova-common={expected}'


def test_where_only_another_series_is_on_offer_it_is_named_and_not_taken(way_back, host):
    host.offered, host.candidate = {'python3-nova': [NEXT]}, NEXT
    with pytest.raises(way_back.errors.CascadingError, match=f'nor a newer one of its series .on offer: {NEXT}'):
        way_back()


@pytest.mark.parametrize(('one', 'other', 'same'), [
    ('2:26.2.2-1~deb12u5', '2:26.3.0-1', True), ('2:26.2.2-1', '2:27.0.0-1', False),
    ('1:2014.1.5-0ubuntu1.7', '1:2014.1.3-0ubuntu1', True), ('1:2014.1.5-0ubuntu1.7', '1:2014.2.4-0ubuntu1', False),
    ('1:2015.1.0-1', '2:12.0.0-1', False), ('26.3.0', '2:26.3.0~rc1-1', True)])
def test_what_one_series_is(load, one, other, same):
    series = load('host.uninstall').uninstall_apt.series
    assert (series(one) == series(other)) == same


def test_a_plan_that_takes_the_system_to_another_release_is_refused(way_back, host):
    host.plan = (0, 'Inst libc6 [2.36-9] (2.41-12 Debian:13 [amd64])\nInst python3 [3.11.2-1] (3.13.5-1 [amd64])\n'
                    'Remv python3-nova-cascading [1]\nInst python3-nova (2:26.2.2-1 Debian:13 [all])\n'
                    'Inst python3-new (1 Debian:12 [all])\nConf libc6 (2.41-12 [amd64])\n')
    with pytest.raises(way_back.errors.CascadingError, match='apt would also upgrade libc6, python3: apt-get install'):
        way_back()


def test_the_stock_library_may_be_a_file_or_lie_in_a_directory(way_back, host, tmp_path):
    place = tmp_path / 'my files'
    place.mkdir()
    deb, other = place / 'a.deb', place / 'b.deb'
    for path in (deb, other):
        path.touch()
    host.files, host.offered = {str(deb): f'python3-nova={V1}', str(other): f'nova-api={V1}'}, {}
    for source in (deb, place):
        host.simulated.clear()
        assert way_back(str(source))[0] == f"apt-get install -y '{deb}'"
        assert host.simulated == [f'apt-get -s install {deb}']


def test_a_file_of_another_version_is_not_taken(way_back, host, tmp_path):
    (tmp_path / 'a.deb').touch()
    host.files = {str(tmp_path / 'a.deb'): f'python3-nova={V2}'}
    for source, found in ((tmp_path, f'python3-nova={V2}'), (tmp_path / 'none.deb', 'no .deb that can be read')):
        with pytest.raises(way_back.errors.CascadingError) as error:
            way_back(str(source))
        assert f'{source} has no python3-nova={V1}, which this host wants (found: {found})' in str(error.value)


def test_an_apt_that_takes_no_files_says_what_dpkg_is_to_do(way_back, host, tmp_path):
    host.listed, host.apt, host.offered = [OLD_FORK, f'nova-api{COMPANION}'], 'apt 1.0.1ubuntu2 for amd64', {}
    for name in ('python-nova', 'nova-api'):
        (tmp_path / f'{name}.deb').touch()
        host.files[str(tmp_path / f'{name}.deb')] = f'{name}=1:2014.1.5-0ubuntu1'
    for source in (None, str(tmp_path)):
        with pytest.raises(way_back.errors.CascadingError) as error:
            way_back(source)
        assert 'dpkg -i ./nova-api_*.deb ./python-nova_*.deb; then restart' in str(error.value)


def test_an_older_stock_version_is_no_way_back(way_back, host):
    host.offered = {'python3-nova': ['2:26.2.1-1']}
    with pytest.raises(way_back.errors.CascadingError, match='nor a newer one'):
        way_back()


@pytest.mark.parametrize('held', ['nova-api', 'python3-nova-cascading', 'python3-nova:all'])
def test_what_is_held_is_named_with_the_command_that_lets_go(way_back, host, held):
    host.offered, host.held = {'python3-nova': [V2]}, f'{held}\nhello\n'
    with pytest.raises(way_back.errors.CascadingError) as error:
        way_back()
    assert f'apt-mark unhold {held} && nova-cascading uninstall' in str(error.value)


def test_a_plan_that_removes_anything_else_is_refused(way_back, host):
    host.plan = (0, 'Remv nova-api [1]\nRemv python3-nova-cascading [1]\n')
    with pytest.raises(way_back.errors.CascadingError, match='apt would also remove nova-api'):
        way_back()


def test_a_plan_that_apt_does_not_find_is_refused_and_shown_how_to_see(way_back, host):
    host.plan = (100, '')
    with pytest.raises(way_back.errors.CascadingError, match='apt cannot do it') as error:
        way_back()
    assert f'apt-get -s install python3-nova={V1}' in str(error.value)


@pytest.mark.parametrize(('apt', 'option'), [('apt 1.0.1ubuntu2 for amd64', '--force-yes'),
                                             ('apt 2.6.1 (amd64)', '--allow-downgrades')])
def test_companions_go_back_with_the_library_but_for_those_that_somebody_removed(way_back, host, apt, option):
    host.apt, host.offered = apt, {'python-nova': ['1:2014.1.5-0ubuntu1']}
    host.listed = [OLD_FORK, f'nova-api{COMPANION}', f'nova-common{COMPANION}',
                   'nova-cert' + COMPANION.replace(INSTALLED, 'deinstall ok config-files')]
    host.plan = (0, 'Remv python-nova-cascading [1]\n')
    stock = '1:2014.1.5-0ubuntu1'
    assert way_back()[0] == f'apt-get install -y {option} python-nova={stock} nova-api={stock} nova-common={stock}'


def test_a_host_that_is_half_configured_has_a_way_back_too(way_back, host):
    host.listed[0] = FORK.replace(INSTALLED, 'install ok half-configured')
    assert way_back()[0] == f'apt-get install -y python3-nova={V1}'


def test_where_systemctl_does_not_answer_systemd_restarts_what_runs(way_back, monkeypatch):
    def silent():
        raise way_back.errors.Unreachable('systemctl list-units fails')

    monkeypatch.setattr(way_back.running, 'names', silent)
    [line] = way_back()[1:]
    assert 'systemctl list-units --plain' in line and line.endswith('| xargs -rn1 systemctl try-restart')


@pytest.mark.parametrize(('listed', 'status', 'restarted'), [
    ('echo nova-api.service loaded active; echo nova-conductor.service loaded active', 0,
     ['nova-api.service', 'nova-conductor.service']),
    ('true', 0, []), ('exit 1', 1, [])], ids=['two run', 'none runs', 'systemd does not answer'])
def test_what_restarts_one_by_one_fails_where_systemd_does_not_answer(load, tmp_path, listed, status, restarted):
    seen, tool = tmp_path / 'seen', tmp_path / 'systemctl'
    tool.write_text(f'#!/bin/sh\n[ "$1" = try-restart ] || {{ {listed}; exit; }}\nshift; echo "$@" >>{seen}\n')
    tool.chmod(0o755)
    line = load('host.restarting').ONE_BY_ONE
    assert subprocess.run(line, shell=True, env={'PATH': f'{tmp_path}:/usr/bin:/bin'}).returncode == status
    assert (seen.read_text().splitlines() if seen.exists() else []) == restarted


@pytest.mark.parametrize(('trees', 'expected'), [
    (['opt-nova-1f2e3d4c'], ['opt-nova-1f2e3d4c']),
    (['opt-nova-1f2e3d4c', 'srv-nova-00000000'], ['opt-nova-1f2e3d4c', 'srv-nova-00000000']),
    (['here-1f2e3d4c', 'srv-nova-00000000'], ['here-1f2e3d4c']),
    (['opt-nova-1f2e3d4c-2014', 'opt-nova-1f2e3d4c-previous'], []),
])
def test_the_installer_s_own_way_back_is_found_where_its_journal_is(load, monkeypatch, tmp_path, trees, expected):
    uninstall = load('host.uninstall')
    monkeypatch.setattr(uninstall, 'JOURNALS', str(tmp_path))
    monkeypatch.setattr(uninstall, 'nova', types.SimpleNamespace(__path__=['/here/nova']))
    for tree in trees:
        (tmp_path / tree).mkdir()
        (tmp_path / tree / 'state').write_text('installed\n')
        (tmp_path / tree / 'plan.json').write_text(json.dumps({'parent': '/' + tree.split('-')[0]}))
    assert uninstall.uninstallers() == [f'{tmp_path}/{tree}/installation/uninstall.sh' for tree in expected]


@pytest.mark.parametrize('plan', [None, '', '{', '[]', '{}'])
def test_a_journal_of_the_installer_that_cannot_be_read_is_named(load, monkeypatch, tmp_path, plan):
    uninstall = load('host.uninstall')
    monkeypatch.setattr(uninstall, 'JOURNALS', str(tmp_path))
    journal = tmp_path / 'opt-00000000'
    journal.mkdir()
    (journal / 'state').write_text('installed')
    if plan is not None:
        (journal / 'plan.json').write_text(plan)
    with pytest.raises(load('errors').CascadingError, match=f'{journal} cannot be read'):
        uninstall.uninstallers()


def test_what_the_installer_put_there_is_said_to_be_nobody_else_s(load, monkeypatch, capsys):
    uninstall = load('host.uninstall')
    monkeypatch.setattr(uninstall, 'uninstallers', lambda: ['/journal/installation/uninstall.sh'])
    monkeypatch.setattr(uninstall.uninstall_yum, 'installed', lambda package: False)
    monkeypatch.setattr(uninstall.uninstall_apt, 'installed', lambda package: False)
    monkeypatch.setattr(uninstall.pip, 'metadata', lambda: None)
    assert uninstall.run(types.SimpleNamespace(source=None, yes=False), None) == 0
    said = capsys.readouterr().out
    assert '    sh /journal/installation/uninstall.sh\n' in said
    assert 'install.sh' in said and 'purge' not in said


def test_the_installer_needs_no_file_and_says_so_instead_of_leaving_it_aside(load, monkeypatch):
    uninstall = load('host.uninstall')
    monkeypatch.setattr(uninstall, 'uninstallers', lambda: ['/journal/installation/uninstall.sh'])
    monkeypatch.setattr(uninstall.uninstall_apt, 'installed', lambda package: False)
    monkeypatch.setattr(uninstall.pip, 'metadata', lambda: None)
    with pytest.raises(load('errors').CascadingError, match='--from is for packages'):
        uninstall.way_back('/root/nova.tar.gz')


def test_the_state_directory_is_the_installer_s(load):
    journal = (PROJECT / 'installation/installer/journal.py').read_text()
    assert f"ROOT = '{load('host.uninstall').JOURNALS}'" in journal
