"""What a source calls its files ends in specs, lists and scripts: names that these would take apart are refused.

And where a person keeps a source is no reason to fail.
"""

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from builder.common import rpmquery
from builder.common.errors import BuildError
from builder.common.model import Tree
from builder.fork import making
from builder.package import egginfo, sdist, stockset, tarball
from builder.package.deb import companions, fields
from builder.package.sdist import branch, content
from builder.source import inspect
from builder.source.obtain import obtain
from tests import fakenova
from tests.unit.test_hostile_inputs import control_of
from tests.unit.test_sdist import EPOCH, write
from tests.unit.test_source import rpm_package

HALF = os.fsdecode(b'\xff')  # no UTF-8
# What rpmbuild carries out or takes for several, a shell takes apart, or a list of files has on several lines.
ODD = ['%(touch evil)a', 'p%{name}', '%ghost x', 'a b', 'a\nb', 'a\tb', "o'b", 'q"x', 'g*', 'l{a,b}', 'b[1]',
       'back\\slash', '$(touch evil)', '`touch evil`', 'a;b', '#x', 'é', HALF, '\x1b[2J']


def tree(tmp_path):
    return Tree(write(tmp_path / 'nova-26.3.0'), '26.3.0', 'a test')


@pytest.mark.parametrize('name', ODD, ids=ascii)
@pytest.mark.parametrize('where', ['nova', 'nova/x', 'nova.egg-info'])
def test_a_file_whose_name_is_more_than_a_name_gets_into_no_package(tmp_path, where, name):
    made = tree(tmp_path)
    (made.path / where).mkdir(exist_ok=True)
    (made.path / where / name).write_text('')
    made = Tree(made.path, made.version, made.origin, inspect.egg_info(made.path))
    with pytest.raises(BuildError, match='has the file') as caught:
        tarball.write(made, 'n', '26.3.0', tmp_path)
    assert not set(str(caught.value)) & set('\x1b\udcff\t')


@pytest.mark.parametrize('name', ODD, ids=ascii)
def test_nor_does_a_directory_a_link_or_what_a_link_leads_to(tmp_path, name):
    for number, make in enumerate([lambda path: (path / name).mkdir(), lambda path: (path / name).symlink_to('x'),
                                   lambda path: (path / 'link').symlink_to(name)]):
        made = tree(tmp_path / f'{number}')
        make(made.path / 'nova')
        with pytest.raises(BuildError, match='has the file'):
            tarball.write(made, 'n', '26.3.0', tmp_path)


def test_nor_does_one_of_a_stock_package_beside_the_modules(tmp_path):
    package = control_of(tmp_path, 'Package: python3-nova\nVersion: 2:26.2.2-1\n')
    made = obtain(str(package), tmp_path / 'work')
    (made.path.parents[2] / 'share').mkdir()
    (made.path / 'setup.cfg').write_text('[metadata]\nname = nova\n')
    (made.path.parents[2] / 'share/$(touch evil)').write_text('')
    with pytest.raises(BuildError, match='has the file'):
        tarball.write(made, 'n', '26.2.2', tmp_path)


@pytest.mark.parametrize('name', ['a\nb', HALF, '\x1b[2J'], ids=ascii)
def test_a_source_for_pip_has_names_that_its_list_of_files_can_hold(tmp_path, name):
    made = tree(tmp_path)
    (made.path / 'doc' / name).write_text('')
    with pytest.raises(BuildError, match='setuptools cannot take'):
        dict(content.upstream(made))


def test_a_source_for_pip_may_have_any_other_name_and_any_link(tmp_path):
    made = write(tmp_path / 'nova-26.3.0')
    for name in ('a b', 'é', '"q"', 'b\\s', '%(x)'):
        (made / 'doc' / name).write_text(name)
    (made / 'doc/link').symlink_to(b'\xff\xfe'.decode(errors='surrogateescape'))
    fork = making.make(obtain(str(made), tmp_path / 'work', documents=True))
    path, = sdist.build(fork, tmp_path, revision=1, epoch=EPOCH, source_only=True)
    with tarfile.open(path) as archive:
        assert os.fsencode(archive.getmember('nova-26.3.0/doc/link').linkname) == b'\xff\xfe'
        assert archive.extractfile('nova-26.3.0/doc/a b').read() == b'a b'
    it = branch.write(sdist.source(fork, 1), fork.tree, tmp_path / 'git', revision=1, epoch=EPOCH)
    shown = subprocess.check_output(['git', '--git-dir', tmp_path / 'git', 'ls-tree', '-z', '--name-only',
                                     f'{it.commit}:doc'])
    assert {'a b', 'é', '"q"', 'b\\s', '%(x)', 'link'} <= set(shown.decode().split('\0'))


def test_a_tree_with_names_of_any_bytes_has_gits_id(tmp_path):
    for name in (HALF, 'é', 'z'):
        (tmp_path / 'nova').mkdir(exist_ok=True)
        (tmp_path / 'nova' / name).write_text('x')
    for words in (['init', '-q'], ['add', 'nova']):
        subprocess.run(['git', *words], cwd=tmp_path, check=True)
    wanted = subprocess.check_output(['git', 'write-tree', '--prefix=nova/'], cwd=tmp_path, text=True).strip()
    assert inspect.tree_id(tmp_path / 'nova').hex() == wanted


@pytest.mark.parametrize('place', ["o'brien", 'c[1]', 'a b', 'q"x', 'back\\slash', 'l{a,b}', '*', HALF], ids=ascii)
def test_an_rpm_is_read_wherever_it_lies_and_whatever_it_is_called(tmp_path, rpm, place):
    (tmp_path / place).mkdir()
    for path in (tmp_path / place / 'x.rpm', tmp_path / f'{place}.rpm'):
        path.write_bytes(rpm.read_bytes())
        assert obtain(str(path), tmp_path / f'work of {path.name}').stock.version == '1:27.1.0-2.el9'


@pytest.fixture(scope='module')
def rpm(tmp_path_factory):
    return rpm_package(tmp_path_factory.mktemp('rpm'))


def test_a_list_of_other_files_is_no_rpm(tmp_path, rpm):
    (tmp_path / 'list.rpm').write_text(f'{rpm}\n')
    with pytest.raises(BuildError, match=r'list\.rpm'):
        rpmquery.query('%{NAME}', [tmp_path / 'list.rpm'])
    assert rpmquery.query('%{NAME} ', [rpm, rpm]) == 'python3-nova python3-nova ' and rpmquery.query('x', []) == ''


@pytest.mark.parametrize('line', ['../../evil = a.x:main', 'nova-x = a.x:main; evil', 'nova-x = a.x', '%(a)s = a:b'])
def test_a_command_of_a_source_is_a_name_and_a_function(tmp_path, line):
    (tmp_path / 'entry_points.txt').write_text(f'[console_scripts]\n{line}\n')
    with pytest.raises(BuildError, match='that is none'):
        stockset.write_scripts(tmp_path / 'entry_points.txt', tmp_path / 'scripts')
    assert not list((tmp_path / 'scripts').iterdir())


@pytest.mark.parametrize('words', [('../../evil', 'all'), ('nova-api', '../../evil'), ('', 'all')])
def test_a_companion_is_written_nowhere_else(monkeypatch, words):
    text = 'Package: {}\nVersion: 1\nArchitecture: {}\n'.format(*words)
    monkeypatch.setattr(companions.tools, 'run', lambda *_, **__: text)
    with pytest.raises(BuildError, match='which is none'):
        companions.control(Path('x.deb'))


@pytest.mark.parametrize(('file', 'data'), [
    ('setup.cfg', b'[metadata]\nname = \xff\n'), ('setup.cfg', b'[entry_points]\n'), ('setup.cfg', b'no section\n'),
    ('requirements.txt', b'\xff\n'), ('pyproject.toml', b'[project\n'), ('pyproject.toml', b'project = 1\n'),
    ('pyproject.toml', b'[project]\nauthors = [1]\n')])
def test_metadata_that_cannot_be_understood_is_an_error_in_words(tmp_path, file, data):
    made = fakenova.write(tmp_path / 'x')
    (made / 'setup.cfg').write_text('[metadata]\nname = nova\n')
    (made / file).write_bytes(data)
    for ask in (lambda: egginfo.made(made, '1'), lambda: egginfo.requirements(Tree(Path(made), '1', 'x'))):
        with pytest.raises(BuildError, match='cannot be understood'):
            ask()


def test_bounds_of_requirements_end_where_a_version_does():
    wanted = ['six>=1.6$(shell touch evil)', "a>=1'b"]
    assert fields.python2_packages(wanted) == ['python-six (>= 1.6)', 'python-a (>= 1)']
