"""Where apt takes no files, dpkg brings stock nova back: the line that is printed there, and the real dpkg."""

import os
import re
import subprocess

import pytest

OWN = 'python-nova-cascading'
STOCK = {'python-nova': '', 'nova-api': 'Depends: python-nova (= 1)\n'}
FORK = {OWN: 'Provides: python-nova\nConflicts: python-nova\nReplaces: python-nova\n',
        'nova-api': f'Depends: {OWN} (= 2)\n'}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='SKIPPED: needs root, for dpkg')


@pytest.fixture
def dpkg(tmp_path, monkeypatch):
    """dpkg(line) runs a line with dpkg on a root of its own, which has the fork and a companion package of it."""
    root = tmp_path / 'root'
    for name in ('info', 'updates'):
        (root / 'var/lib/dpkg' / name).mkdir(parents=True)
    (root / 'var/lib/dpkg/status').touch()
    for number, packages in ((1, STOCK), (2, FORK)):
        (tmp_path / f'files{number}').mkdir()
        for name, relations in packages.items():
            control = tmp_path / f'{name}{number}/DEBIAN/control'
            control.parent.mkdir(parents=True)
            control.write_text(f'Package: {name}\nVersion: {number}\nArchitecture: all\nDescription: x\n'
                               f'Maintainer: x <x@example.org>\n{relations}')
            subprocess.run(['dpkg-deb', '-Znone', '-b', control.parents[1],
                            tmp_path / f'files{number}/{name}_{number}_all.deb'], check=True, capture_output=True)

    def run(line):
        program = f'dpkg --root={root} --force-script-chrootless --log=/dev/null'
        return subprocess.run(re.sub(r'\bdpkg\b', program, line), shell=True, capture_output=True, text=True,
                              cwd=tmp_path / 'files1')

    assert run('dpkg -i ../files2/*.deb').returncode == 0
    return run


def installed(dpkg):
    return {line.split()[1] for line in dpkg('dpkg -l').stdout.splitlines() if line.startswith('ii ')}


def test_the_printed_line_exchanges_them(dpkg, load, monkeypatch):
    module = load('host.uninstall').uninstall_apt
    monkeypatch.setattr(module, 'is_old', lambda: True)
    line = module.from_here(OWN, STOCK).partition(';')[0]
    done = dpkg(line)
    assert (done.returncode, installed(dpkg)) == (0, set(STOCK)), done.stderr


def test_dpkg_alone_refuses_what_the_fork_is_in_conflict_with(dpkg):
    assert dpkg('dpkg -i ./*.deb').returncode != 0
    assert OWN in installed(dpkg)
