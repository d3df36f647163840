"""Missing build tools are installed for root, and named with the exact command for everyone else."""

import os
import re
import subprocess

import pytest

from builder.common import manager, needs, tools
from builder.common.errors import BuildError
from builder.common.needs import Need
from builder.common.project import PROJECT


@pytest.fixture
def table(monkeypatch):
    known = [Need('sh', 'dash', 'bash', '', ()), Need('/usr', 'base-files', 'filesystem', '', ()),
             Need('module:email', 'libpython3-stdlib', 'python3-libs', '', ()),
             Need('no-such-tool', 'nice-package', 'nicer', '', ('build',)), Need('neither-this', 'another', '', '', ()),
             Need('module:debian.nothing', 'python3-none', 'python3-none', 'none', ())]
    monkeypatch.setattr(needs, 'table', lambda: {need.name: need for need in known})


@pytest.fixture
def debian(monkeypatch):
    monkeypatch.setattr(manager, 'name', lambda: 'apt-get')


@pytest.fixture
def user(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(subprocess, 'run', lambda *_, **__: pytest.fail('ran something'))


def test_nothing_happens_when_all_is_there(monkeypatch, table):
    monkeypatch.setattr(manager, 'install', lambda *_: pytest.fail('installed something'))
    tools.need(['sh', '/usr', 'module:email'])


def test_a_user_without_rights_gets_the_exact_command_and_nothing_is_installed(table, debian, user):
    with pytest.raises(BuildError) as caught:
        tools.need(['no-such-tool', 'neither-this', 'sh'])
    assert caught.value.hint == 'sudo apt-get install --no-install-recommends another nice-package'


def test_on_el_and_fedora_the_packages_have_their_names_there(table, user, monkeypatch):
    monkeypatch.setattr(manager, 'name', lambda: 'dnf')
    with pytest.raises(BuildError) as caught:
        tools.need(['no-such-tool', 'sh'])
    assert caught.value.hint == 'sudo dnf install nicer'
    with pytest.raises(BuildError, match='neither-this') as caught:
        tools.need(['neither-this'])
    assert 'another' in caught.value.hint


def test_a_system_with_no_package_manager_that_we_know_names_what_is_missing(table, user, monkeypatch):
    monkeypatch.setattr(manager, 'name', lambda: '')
    with pytest.raises(BuildError, match='no-such-tool') as caught:
        tools.need(['no-such-tool'])
    assert 'nice-package' in caught.value.hint


def test_a_directory_with_the_name_of_a_module_is_no_module(monkeypatch, tmp_path):
    (tmp_path / 'cascaded').mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not Need('module:cascaded', '', '', '', ()).present()
    (tmp_path / 'cascaded/__init__.py').write_text('')
    assert Need('module:cascaded', '', '', '', ()).present()


def test_a_tool_that_is_missing_after_its_package_was_installed_is_told(table, debian, monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    monkeypatch.setattr(manager, 'install', lambda packages: None)
    with pytest.raises(BuildError, match='no-such-tool is still missing after nice-package'):
        tools.need(['no-such-tool'])


def test_every_tool_that_the_code_asks_for_is_in_the_table():
    asked = {name for path in PROJECT.joinpath('builder').rglob('*.py')
             for words in re.findall(r'\bneed\(\[(.*?)\]\)', path.read_text(), re.DOTALL)
             for name in re.findall(r"'([^']+)'", words)}
    assert len(asked) > 10 and asked <= set(needs.table())


def test_pyproject_names_the_same_modules_from_pypi():
    names = {need.pypi for need in needs.table().values() if need.name.startswith('module:') and need.pypi}
    text = PROJECT.joinpath('pyproject.toml').read_text().lower()
    assert [name for name in names if f"'{name.lower()}" not in text and f'"{name.lower()}' not in text] == []


def test_a_failing_tool_is_quoted_with_its_last_words():
    with pytest.raises(BuildError, match='status 3') as caught:
        tools.run(['sh', '-c', 'echo first; echo the reason >&2; exit 3'], hint='try again')
    assert 'the reason' in str(caught.value) and 'try again' in str(caught.value)


def test_a_tool_that_is_not_there_or_cannot_be_run_is_named(tmp_path):
    with pytest.raises(BuildError, match='no-such-tool is missing'):
        tools.run(['no-such-tool'])
    with pytest.raises(BuildError, match='cannot be run: Permission denied'):
        tools.run([tmp_path])
    with pytest.raises(BuildError, match='is not there any more'):
        tools.run(['sh'], cwd=tmp_path / 'gone')


LOCKED = 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)'


def stand_in(tmp_path, times):
    """A package manager that finds the lock taken as often as told."""
    script = tmp_path / 'manager'
    script.write_text(f'#!/bin/sh\necho x >>{tmp_path}/runs\n'
                      f'[ "$(wc -l <{tmp_path}/runs)" -gt {times} ] || {{ echo "{LOCKED}" >&2; exit 100; }}\n')
    script.chmod(0o755)
    return [str(script)]


def test_a_lock_of_another_package_manager_is_waited_for_and_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(manager, 'PAUSE', 0)
    assert manager.run(stand_in(tmp_path, times=3)).returncode == 0
    said = capsys.readouterr().err
    assert said.count('process 7 (apt-get) holds the lock') == 1


def test_the_wait_for_a_lock_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(manager, 'PAUSE', 0.01)
    assert manager.run(stand_in(tmp_path, times=1000), seconds=0.1).returncode == 100


@pytest.mark.parametrize(('said', 'told'), [
    ('curl error (7) for http://user:s3cr@t@mirror.example.org/repomd.xml, "https://u:s3cret@x"',
     'curl error (7) for http://***@mirror.example.org/repomd.xml, "https://***@x"'),
    ('https://t0ken:@host/a https://t0ken@host:80/a', 'https://***@host/a https://***@host:80/a'),
    ('http://host:80/a@1.0 http://[::1]:80/a@b', 'http://host:80/a@1.0 http://[::1]:80/a@b')])
def test_passwords_of_mirrors_and_proxies_are_told_to_nobody(said, told):
    with pytest.raises(BuildError) as caught:
        tools.run(['sh', '-c', 'echo "$1" >&2; exit 1', 'sh', said])
    assert str(caught.value).count(told) == 2
    assert tools.tail(said) == f'    {told}'


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH of dnf and of apt as mmdebstrap brings it, over a dpkg that has the system if `knows` is there."""
    for name, text in {'apt-get': INSTALLS, 'dnf': INSTALLS, 'id': 'echo 0', 'sleep': '',
                       'dpkg-query': f'[ -e {tmp_path}/knows ]'}.items():
        (tmp_path / name).write_text(f'#!/bin/sh\n{text.format(tmp_path)}\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    return tmp_path


INSTALLS = """echo "$0 $*" >>{0}/log
printf '#!/bin/sh\\n' >{0}/python3; /bin/chmod 755 {0}/python3"""


@pytest.mark.parametrize(('knows', 'expected'), [(True, 'apt-get'), (False, 'dnf')])
def test_apt_is_the_package_manager_only_where_dpkg_has_the_system(programs, knows, expected):
    if knows:
        (programs / 'knows').touch()
    assert manager.name() == expected
    script = (PROJECT / 'build.sh').read_text()
    install = script[script.index('find_python() {'):script.index('# -I: neither')]
    subprocess.run(['/bin/sh', '-eu', '-c', install], check=True)
    used = {line.split()[0] for line in (programs / 'log').read_text().splitlines()}
    assert used == {str(programs / expected)}
