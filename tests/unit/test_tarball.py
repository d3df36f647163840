"""The upstream tarball: the same files give the same bytes, and nothing that does not belong gets in."""

import os
import tarfile
from pathlib import Path

from builder.common.model import Stock, Tree
from builder.package import tarball

SETUP = '[metadata]\nname = nova\nsummary = A test\n\n[entry_points]\nconsole_scripts =\n    nova-x = nova.cmd.x:main\n'


def make(path, *, stock=None):
    for name, text in {'nova/__init__.py': '', 'nova/cmd/x.py': 'main = None\n', 'nova/tests/test_x.py': '',
                       'nova/cmd/x.pyc': 'old', 'nova/__pycache__/x.cpython-311.pyc': 'old', 'LICENSE': 'free\n',
                       'setup.cfg': SETUP, 'requirements.txt': 'six\n', 'doc/index.rst': ''}.items():
        path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        path.joinpath(name).write_text(text)
    return Tree(path, '9.1', 'a test', stock=stock)


def names(tarball):
    with tarfile.open(tarball) as archive:
        return {member.name.split('/', 1)[1] for member in archive if member.isfile()}


def test_same_files_same_bytes_wherever_and_whenever(tmp_path):
    here, there = make(tmp_path / 'a'), make(tmp_path / 'somewhere' / 'else')
    for number, path in enumerate(sorted(there.path.rglob('*'))):
        os.utime(path, (number, number))
    there.path.joinpath('nova/cmd/x.py').chmod(0o600)
    first = tarball.write(here, 'python3-nova-cascading', '9.1', tmp_path)
    second = tarball.write(there, 'python3-nova-cascading', '9.1', tmp_path / 'somewhere')
    assert first.name == 'python3-nova-cascading_9.1.orig.tar.xz'
    assert first.read_bytes() == second.read_bytes()


def test_an_upstream_release_leaves_nova_s_tests_and_byte_code_out(tmp_path):
    got = names(tarball.write(make(tmp_path / 'a'), 'n', '9.1', tmp_path))
    assert got >= {'nova/__init__.py', 'nova/cmd/x.py', 'LICENSE', 'nova-9.1.egg-info/entry_points.txt'}
    assert not [name for name in got if 'tests' in name or name.endswith('.pyc') or name.startswith('doc')]


def test_a_stock_package_keeps_all_it_had(tmp_path):
    site = tmp_path / 'usr/lib/python3/dist-packages'
    hook = tmp_path / 'usr/share/apport/package-hooks/source_nova.py'
    hook.parent.mkdir(parents=True)
    hook.write_text('')
    doc = tmp_path / 'usr/share/doc/python3-nova/copyright'
    doc.parent.mkdir(parents=True)
    doc.write_text('')
    tree = make(site, stock=Stock('python3-nova', '2:9.1-1', 'deb', {'Depends': 'sudo'}))
    got = names(tarball.write(tree, 'n', '9.1', tmp_path))
    assert {'nova/tests/test_x.py', 'usr/share/apport/package-hooks/source_nova.py'} <= got
    assert not [name for name in got if 'doc/' in name]


def test_everything_belongs_to_root_with_plain_modes(tmp_path):
    tree = make(tmp_path / 'a')
    Path(tree.path / 'nova/cmd/x.py').chmod(0o777)
    script = Path(tree.path / 'nova/cmd/run.sh')
    script.write_text('#!/bin/sh\n')
    script.chmod(0o700)
    with tarfile.open(tarball.write(tree, 'n', '9.1', tmp_path)) as archive:
        assert {(member.uid, member.gid, member.uname) for member in archive} == {(0, 0, 'root')}
        modes = {member.name.rpartition('/')[2]: member.mode for member in archive}
    assert modes == {**dict.fromkeys(modes, 0o644), 'run.sh': 0o755, 'cmd': 0o755}
