"""The way back on rpm hosts: whatever the state of the host, nova is there afterwards and the exit status is true.

yum 3 is a stand-in (yum3_standin.py); dnf's answers are its own, in tests/hosts/130_rpm_way_back.py.
"""

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from builder.common.project import PROJECT

STANDIN = Path(__file__).with_name('yum3_standin.py')
EVR = '2014.1.5-1.el7'
SERVICES = {'openstack-nova-common', 'openstack-nova-api'}
STOCK, FORK = SERVICES | {'python-nova'}, SERVICES | {'python-nova-cascading'}


class Host:
    """A host with the fork, and the stand-ins."""

    def __init__(self, place):
        self.place = place
        for tool in ('yum', 'yumdownloader', 'rpm'):
            shutil.copy(STANDIN, place / tool)
            (place / tool).chmod(stat.S_IRWXU)
        services = dict.fromkeys(SERVICES, [EVR, 'python-nova'])
        self.write(installed={'python-nova-cascading': [f'{EVR}.cascading1', None], **services},
                   offered={'python-nova': [EVR, None]}, evr=EVR, files='python-nova-cascading', wrong=[],
                   excluded=[], takes_along=[], lost=[], has_swap=True)

    def read(self):
        return json.loads((self.place / 'host.json').read_text())

    def write(self, **changes):
        known = self.read() if (self.place / 'host.json').exists() else {}
        (self.place / 'host.json').write_text(json.dumps({**known, **changes}))

    @property
    def novas(self):
        return set(self.read()['installed'])


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


@pytest.fixture
def way(load, host, monkeypatch):
    """uninstall_yum, on that host."""
    module = load('host.uninstall_yum')
    monkeypatch.setattr(module.tools, 'PATH', f'{host.place}:/usr/bin:/bin')
    monkeypatch.setattr(module.os, 'geteuid', lambda: 0)
    monkeypatch.setattr(module, 'manager', lambda: 'yum')
    return module


def put_rpm(directory, evr=EVR):
    directory.mkdir(exist_ok=True)
    (directory / 'python-nova.rpm').write_text(f'python-nova {evr}')
    return directory


def back(way, source=None):
    return way.run('python-nova-cascading', source, True)


BOTH_YUMS = pytest.mark.parametrize('has_swap', [True, False], ids=['yum since 2013', 'yum before 2013'])


def test_the_shell_of_yum_3_is_why_nothing_of_ours_uses_it(host):
    """The stand-in shows the danger: what the first version printed erases all of nova, exit 0."""
    host.write(offered={})
    done = subprocess.run([host.place / 'yum', '-y', 'shell'], text=True,
                          input=f'remove python-nova-cascading\ninstall python-nova-{EVR}\nrun\n')
    assert done.returncode == 0 and host.novas == set()


@BOTH_YUMS
def test_with_the_stock_library_on_offer_the_two_are_exchanged(way, host, has_swap):
    host.write(has_swap=has_swap)
    assert back(way) == 0
    assert host.novas == STOCK


@BOTH_YUMS
def test_the_forks_own_repository_may_be_on(way, host, has_swap):
    host.write(has_swap=has_swap, wrong=['fork on offer'])
    assert back(way) == 0
    assert host.novas == STOCK


REASONS = {
    'another version on offer': ({'offered': {'python-nova': ['2014.1.5-16.el7', None]}}, 'on offer: 2014.1.5-16.el7'),
    'repository gone': ({'offered': {}}, 'no version of it is'),
    'excluded': ({'excluded': ['python-nova']}, 'no repository that this host can reach offers'),
    'download fails': ({'wrong': ['download']}, 'nothing was changed'),
    'disk full': ({'wrong': ['disk']}, ''),
}


@BOTH_YUMS
@pytest.mark.parametrize('state', REASONS)
def test_else_it_is_refused_with_the_reason_and_nova_stays(way, host, has_swap, state, capsys):
    changes, reason = REASONS[state]
    host.write(has_swap=has_swap, **changes)
    assert back(way) == 1
    assert host.novas == FORK
    assert reason in capsys.readouterr().err


@BOTH_YUMS
@pytest.mark.parametrize('state', ['another version on offer', 'repository gone'])
def test_without_yes_nothing_is_printed_to_type_that_could_remove_nova(way, host, has_swap, state, capsys):
    host.write(has_swap=has_swap, **REASONS[state][0])
    assert way.run('python-nova-cascading', None, False) == 1
    assert capsys.readouterr().out == ''


@pytest.mark.parametrize('who', ['me:secret', 'token:', 'token'])
def test_what_yum_says_of_a_repository_is_told_without_its_password(way, who):
    assert way.said('yum', f'https://{who}@example.org/os/repodata: 404\n') == (
        'yum says:\n    https://***@example.org/os/repodata: 404')


def test_what_would_take_more_than_the_fork_is_refused(way, host, capsys):
    host.write(takes_along=['openstack-nova-api'])
    assert back(way) == 1
    assert host.novas == FORK
    assert 'would not just exchange' in capsys.readouterr().err


@BOTH_YUMS
def test_the_stock_library_can_be_given_as_a_file_or_in_a_directory(way, host, has_swap, tmp_path):
    host.write(has_swap=has_swap, offered={})
    assert back(way, str(put_rpm(tmp_path / 'stock'))) == 0
    assert host.novas == STOCK


def test_a_file_that_requires_what_is_gone_is_not_taken_and_what_brings_it_is_named(way, host, tmp_path, capsys):
    """As after `autoremove` on a host with the fork of a release, which requires what its release says."""
    host.write(lost=['python-foo >= 1.2', 'python-bar'])
    for is_carried_out in (False, True):
        assert way.run('python-nova-cascading', str(put_rpm(tmp_path / 'stock')), is_carried_out) == 1
        said = capsys.readouterr()
        assert said.out == '' and "\n  yum install 'python-foo >= 1.2' python-bar, then run this again" in said.err
    assert host.novas == FORK


def test_so_it_is_where_yum_fetches_the_file(way, host, capsys):
    host.write(lost=['python-bar'], has_swap=False)
    assert back(way) == 1
    assert host.novas == FORK
    assert 'yum install python-bar, then' in capsys.readouterr().err


@pytest.mark.parametrize(('plan', 'hint'), [
    ('Installing dependencies:\n foo noarch 1 x 1\n', 'yum install foo, then run this again'),
    ('Installing for dependencies:\n foo noarch 1 x 1\n bar noarch 1 x 1\n', 'yum install bar foo, then'),
    ('Installing dependencies:\n foo noarch 1 x 1\nRemoving dependent packages:\n bar noarch 1 x 1\n', '--from')])
def test_where_stock_would_bring_what_it_requires_that_comes_first(way, host, monkeypatch, capsys, plan, hint):
    asked = way.asked
    table = f'Installing:\n python-nova noarch {EVR} x 1\nRemoving:\n python-nova-cascading noarch 1 x 1\n{plan}'
    monkeypatch.setattr(way, 'asked', lambda words: (1, table) if 'swap' in words else asked(words))
    assert back(way) == 1
    assert host.novas == FORK and hint in capsys.readouterr().err


def test_a_file_of_another_version_is_refused_by_name(way, host, tmp_path, capsys):
    assert back(way, str(put_rpm(tmp_path / 'other', '2014.1.4-1.el7'))) == 1
    assert host.novas == FORK
    said = capsys.readouterr().err
    assert 'found python-nova-2014.1.4-1.el7' in said and f'get python-nova-{EVR}.noarch.rpm' in said


def test_an_exchange_that_was_killed_half_way_is_finished_by_the_next(way, host):
    host.write(installed={**host.read()['installed'], 'python-nova': [EVR, None]}, offered={}, files='python-nova')
    assert back(way) == 0
    assert host.novas == STOCK


@BOTH_YUMS
def test_an_installation_that_was_killed_half_way_does_not_leave_the_forks_files_under_stocks_name(way, host, has_swap):
    host.write(has_swap=has_swap, installed={**host.read()['installed'], 'python-nova': [EVR, None]})
    assert back(way) == 0
    assert host.novas == STOCK and host.read()['files'] == 'python-nova'


def test_after_such_an_installation_the_way_back_is_told_in_two_lines(way, host, capsys):
    host.write(installed={**host.read()['installed'], 'python-nova': [EVR, None]}, offered={})
    assert way.run('python-nova-cascading', '/stock', False) == 0
    said = capsys.readouterr().out
    assert '    rpm -e python-nova-2014.1.5-1.el7\n    nova-cascading uninstall --yes --from /stock\n' in said
    assert back(way) == 1 and host.novas == FORK


@pytest.mark.parametrize('is_carried_out', [False, True])
def test_where_the_services_have_not_followed_an_upgrade_comes_first(way, host, capsys, is_carried_out, tmp_path):
    """Stock's old version stays, the fork of an erratum is there: its stock would only come beside the old one."""
    host.write(installed={**host.read()['installed'], 'python-nova': [EVR, None]}, evr='2014.1.5-2.el7')
    for source in (None, str(put_rpm(tmp_path / 'stock', '2014.1.5-2.el7'))):
        assert way.run('python-nova-cascading', source, is_carried_out) == 1
        said = capsys.readouterr()
        assert said.out == '' and '\n  yum --enablerepo=nova-cascading update, where' in said.err
    assert host.novas == FORK | {'python-nova'}


def test_after_it_the_entry_that_stock_has_left_goes_and_the_exchange_follows(way, host):
    new, old = '2014.1.5-2.el7', {'python-nova': [EVR, None]}
    services = dict.fromkeys(SERVICES, [new, 'python-nova'])
    host.write(installed={**host.read()['installed'], **services, **old}, evr=new, offered={'python-nova': [new, None]})
    assert back(way) == 0
    assert host.novas == STOCK and host.read()['installed']['python-nova'][0] == new


def test_a_fork_that_is_there_twice_goes_twice(way, host, monkeypatch):
    """As dnf 4 shows it after an upgrade of the fork that was killed."""
    asked = way.asked
    fork = ' python-nova-cascading noarch {0} x 1\n'
    table = f'Installing:\n python-nova noarch {EVR} x 1\nRemoving:\n{fork.format(1)}{fork.format(2)}'
    monkeypatch.setattr(way, 'asked', lambda words: (1, table) if 'swap' in words else asked(words))
    assert back(way) == 0
    assert host.novas == STOCK


@pytest.mark.parametrize('wrong', ['signature', 'unsigned'])
def test_what_was_downloaded_must_be_signed_by_a_known_key(way, host, wrong, capsys):
    host.write(has_swap=False, wrong=[wrong])
    assert back(way) == 1
    assert host.novas == FORK
    assert 'rpm --import' in capsys.readouterr().err


def test_a_yum_without_swap_and_yumdownloader_says_what_to_install(way, host, monkeypatch, capsys):
    host.write(has_swap=False)
    (host.place / 'yumdownloader').unlink()
    assert back(way) == 1
    assert 'yum install yum-utils' in capsys.readouterr().err


DNF = """\
Dependencies resolved.
================================================================================
 Package                  Arch     Version                   Repository    Size
================================================================================
Installing:
 python3-nova             noarch   1:26.3.0-1                stock        5.9 k
     replacing  old-thing.noarch 1:1-1
Removing:
 a-package-whose-name-is-longer-than-the-column
                          noarch   1:26.3.0-1.cascading1     @fork         22
Removing dependent packages:
 openstack-nova-common    noarch   1:26.3.0-1                @stock        11

Transaction Summary
================================================================================
Install  1 Package
"""


def test_everything_in_a_transaction_counts(way):
    assert way.steps_in('\033(B\033[1m' + DNF) == [
        ('Installing', 'python3-nova'), ('Removing', 'a-package-whose-name-is-longer-than-the-column'),
        ('Removing', 'old-thing'), ('Removing dependent packages', 'openstack-nova-common')]


DNF5 = """\
Updating and loading repositories:
 stock                                  100% | 457.0 KiB/s |   4.1 KiB |  00m00s
Repositories loaded.
Package                   Arch   Version               Repository      Size
Removing:
 python3-nova-cascading   noarch 1:26.3.0-1.cascading1 fork         9.1 MiB
Installing:
 python3-nova             noarch 1:26.3.0-1            stock        8.8 MiB
   replacing old-thing    noarch 1:1-1                 <unknown>    8.8 MiB

Transaction Summary:
 Installing:         1 package
 Removing:           1 package
"""


def test_dnf_5s_table_is_read_between_its_progress_and_its_summary(way):
    assert way.steps_in(DNF5) == [('Installing', 'python3-nova'), ('Removing', 'old-thing'),
                                  ('Removing', 'python3-nova-cascading')]


def test_no_command_of_ours_may_erase_more_than_it_names(way):
    exchange = way.uninstall_rpm.Exchange('python3-nova-cascading', 'python3-nova', '1:26.3.0-1')
    for tool in ('dnf', 'yum'):
        words = way.swap(tool, exchange, ['-y'])
        assert '--allowerasing' not in words and 'shell' not in words
        assert '--setopt=clean_requirements_on_remove=0' in words
    assert '--setopt=strict=1' in way.swap('dnf', exchange, ['-y'])
    assert {'--setopt=skip_broken=0', '--setopt=obsoletes=0'} <= set(way.swap('yum', exchange, ['-y']))


def test_only_root_is_answered(way, monkeypatch, capsys):
    monkeypatch.setattr(way.os, 'geteuid', lambda: 1000)
    assert back(way) == 1
    assert 'run this as root' in capsys.readouterr().err


PLACES = ('rpm/*', 'docs/*.md', 'README.md', 'src/nova/**/*.py', 'builder/package/rpm/*.py', 'builder/repository/**/*')
DANGEROUS = re.compile(r"--allowerasing|(yum|dnf)( -\S+)* (shell|remove|erase|autoremove)\b|--enablerepo='?[\w-]*\*")
# Where a text names it so that nobody types it.
WARNED = re.compile(r'What never to type:\n.*?\n\n', re.S)


def test_no_text_of_ours_names_a_command_that_could_erase_nova_or_enable_what_is_not_released():
    texts = {path: WARNED.sub('', path.read_text(errors='replace')) for place in PLACES
             for path in PROJECT.glob(place) if path.is_file()}
    found = [(path.name, match[0]) for path, text in texts.items() for match in DANGEROUS.finditer(text)]
    # Why it is not used, in the code and among the decisions.
    explained = [('uninstall_yum.py', '--allowerasing'), ('decisions.md', '--allowerasing')]
    assert [one for one in found if one not in explained] == []
