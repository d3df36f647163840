"""Whatever lies in the current directory, in HOME or in PYTHON* variables: no program that root starts opens it."""

import os
import re
import subprocess
import sys

import pytest

from builder.common.project import PROJECT
from builder.package import preflight as check
from builder.package.deb import template
from builder.package.rpm import preflight
from tests.hosts.lib.watch import Watch
from tests.installer_bed import Bed

MODULES = ('nova', 'oslo_config', 'oslo', 'sqlalchemy', 'builder', 'os', 're', 'argparse', 'encodings', 'compileall',
           'venv', 'site', 'sitecustomize', 'usercustomize', 'linecache', 'traceback', 'pkg_resources')
PROGRAMS = ('python3', 'python2', 'python', 'id', 'find', 'stat', 'dirname', 'nova-cascading', 'none')
# What starts a Python without keeping it from the caller's modules.
UNGUARDED = re.compile(r'(?:^|[\s;"(/])python[23]?(?:\.\d)?"?\s+(?!-I |-E -s )(?:-|\S+\.py)')


class Trap:
    """A directory full of modules and programs that write down that they were run, and all that leads into it."""

    def __init__(self, place, monkeypatch):
        self.place, self.sprung = place / 'trap', place / 'sprung'
        code = 'import posix\n' \
               f'posix.open({str(self.sprung)!r}, posix.O_CREAT)\n'  # encodings and os come before open()
        user = self.place / f'.local/lib/python3.{sys.version_info.minor}/site-packages'
        for folder in (self.place, user):
            for name in MODULES:
                (folder / name).mkdir(parents=True)
                (folder / name / '__init__.py').write_text(code)
                (folder / name / '__main__.py').write_text(code)
        for name in PROGRAMS:
            (self.place / name).write_text(f'#!/bin/sh\necho {name} >>{self.sprung}\n')
            (self.place / name).chmod(0o755)
        for name in ('PYTHONPATH', 'PYTHONUSERBASE', 'HOME', 'CDPATH'):
            monkeypatch.setenv(name, str(self.place))
        monkeypatch.setenv('PYTHONSTARTUP', str(self.place / 'nova/__init__.py'))
        monkeypatch.setenv('ENV', str(self.place / 'none'))
        monkeypatch.setenv('PATH', f'.:{self.place}:{os.environ["PATH"]}')
        monkeypatch.chdir(self.place)
        self.watch = Watch(self.place)

    def run(self, *words, **options):
        """What a command says and how it ends, after it was seen that no file of this directory was run or opened."""
        self.watch.opened()
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=60, **options)
        assert (self.sprung.exists(), self.watch.opened()) == (False, set()), done
        return done


@pytest.fixture
def trap(tmp_path, monkeypatch):
    made = Trap(tmp_path, monkeypatch)
    yield made
    made.watch.close()


def script(tmp_path, text):
    path = tmp_path / 'script'
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize('words', [['/usr/bin/python3', '-c', 'pass'], ['/usr/bin/python3', '-E', '-c', 'import nova'],
                                   ['/usr/bin/python3', '-E', '-s', '-m', 'compileall'], ['/bin/sh', '-c', 'id']])
def test_the_trap_snaps(trap, words):
    with pytest.raises(AssertionError):
        trap.run(*words)


def with_some_nova(text):
    """The check as on a host with a nova, which it imports first."""
    first = 'import nova  # first'
    assert first in text
    return text.replace(first, 'nova = sys.modules["nova"] = type(sys)("nova"); nova.__path__ = ["/no"]  # first')


def test_the_check_before_dnf(trap, tmp_path):
    asks = script(tmp_path, preflight.text())
    assert 'no Python of this host has a nova' in trap.run(asks).stdout
    with_nova = script(tmp_path, with_some_nova(preflight.text()).replace("'import nova'", "'import sqlalchemy'"))
    assert 'nova.conf names no database' in trap.run(with_nova, '--config-file', '/dev/null').stdout


def preinst(tmp_path):
    known = {**template.PYTHON[3], 'STOCK': 'python3-nova', 'STOCK_VERSION': '1',
             'PREFLIGHT': with_some_nova(check.text())}
    text = template.filled((PROJECT / 'debian/preinst.in').read_text(), known, PROJECT / 'debian/preinst.in')
    (tmp_path / 'nova.conf').write_text('')
    asked = f'[ -e {known["SITE"]}/nova/__init__.py ] || [ -n'
    assert asked in text
    return text.replace(asked, 'true || [ -n').replace('/etc/nova/nova.conf', str(tmp_path / 'nova.conf'))


def test_the_check_in_the_deb(trap, tmp_path):
    done = trap.run('/bin/sh', script(tmp_path, preinst(tmp_path)), 'install')
    assert (done.returncode, done.stderr) == (0, '') and 'nova.conf names no database' in done.stdout


def test_the_printed_command_that_asks_before_apt(trap, tmp_path):
    done = trap.run('/bin/sh', '-s', 'install', input=preinst(tmp_path))
    assert (done.returncode, done.stderr) == (0, '') and 'nova.conf names no database' in done.stdout


def test_the_command_itself(trap, tmp_path):
    text = (PROJECT / 'debian/nova-cascading').read_text()
    python = f'/usr/bin/python3 {template.PYTHON[3]["SHEBANG_OPTIONS"]}'
    assert "No module named 'nova'" in trap.run(script(tmp_path, text.replace('@PYTHON@', python))).stderr


def test_the_spec_isolates_the_same():
    macros = (PROJECT / 'rpm/compat-macros.inc').read_text()
    assert re.findall(r'nova_isolated (\S+)', macros) == [template.PYTHON[2]['SHEBANG_OPTIONS'],
                                                          template.PYTHON[3]['SHEBANG_OPTIONS']]


def test_install_sh_and_uninstall_sh_started_by_a_relative_name(trap, tmp_path, monkeypatch):
    (tmp_path / 'bed').mkdir()
    bed = Bed(tmp_path / 'bed', python='/usr/bin/python3')
    monkeypatch.setenv('NOVA_TEST_CALLS', str(bed.calls))
    monkeypatch.setenv('NOVA_TEST_FAIL', '')
    for name in ('install', 'uninstall'):
        words = ['--nova-parent', bed.parent, '--state-dir', bed.state, '--no-restart']
        words += ['--python', bed.python] if name == 'install' else []
        (trap.place / 'installation').mkdir(exist_ok=True)  # where CDPATH leads
        done = trap.run('/bin/sh', f'installation/{name}.sh', *words, cwd=bed.bundle)
        assert done.returncode == 0, done


def test_build_sh(trap):
    done = trap.run(PROJECT / 'build.sh', '--help')
    assert done.returncode == 0 and 'usage: ./build.sh' in done.stdout


def test_no_script_starts_a_python_that_is_open_to_its_caller():
    folders = ('debian/*', 'rpm/*', 'builder/repository/templates/*', 'build.sh')
    found = [f'{path.name}: {line.strip()}' for folder in folders for path in PROJECT.glob(folder) if path.is_file()
             and path.suffix != '.8' for line in path.read_text().splitlines()
             if UNGUARDED.search(line) and not line.lstrip().startswith('#')]
    assert found == []


def test_no_module_of_the_builder_starts_a_python_that_is_open_to_the_current_directory():
    # The wheel is made in a directory of its own, by an environment of its own, whose PYTHONHASHSEED -I would ignore.
    modules = [path for path in PROJECT.glob('builder/**/*.py') if path.name != 'wheel.py']
    found = [f'{path.name}: {line.strip()}' for path in modules
             for line in path.read_text().splitlines() if re.search("sys.executable, (?!'-I')", line)]
    # The tests run in the project itself.
    assert [line for line in found if not re.search("'(pytest|tests[.].*)'", line)] == []


def test_a_nova_conf_in_the_home_directory_is_none_of_ours(trap, load):
    for name in ('nova.conf', '.nova/nova.conf', '.nova/nova.conf.d/x.conf'):
        (trap.place / name).parent.mkdir(parents=True, exist_ok=True)
        (trap.place / name).write_text('[database]\nconnection = sqlite:////planted\n')
    config = load('config')
    assert config.connection(config.read()) is None
    (trap.place / 'given.conf').write_text('[database]\nconnection = sqlite:////given\n')
    assert config.connection(config.read([str(trap.place / 'given.conf')])) == 'sqlite:////given'
    assert os.environ['HOME'] == str(trap.place)
