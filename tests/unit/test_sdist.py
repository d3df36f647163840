"""The forked source: what is in it and in its metadata, that its bytes are the same, and its branch."""

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from builder.common import environment
from builder.common.errors import BuildError
from builder.common.project import PROJECT
from builder.fork import making
from builder.package import sdist
from builder.package.sdist import branch, metadata, wheel
from builder.source import cache
from builder.source.obtain import obtain
from tests import fakenova

EPOCH = 1700000000
SETUP_CFG = '''[metadata]
name = nova
summary = Cloud computing fabric controller

[files]
packages =
    nova

[entry_points]
console_scripts =
    nova-manage = nova.cmd.manage:main
'''
PYPROJECT = '''[project]
name = "nova"
description = "Cloud computing fabric controller"
dynamic = ["version"]

[project.scripts]
nova-manage = "nova.cmd.manage:main"
'''
SETUP_PY = "import setuptools\nsetuptools.setup(setup_requires=['pbr'], pbr=True)\n"


def write(to, **files):
    """A small nova as its sdist has it."""
    made = fakenova.write(to, '26.3.0')
    with (made / 'PKG-INFO').open('a') as stream:
        stream.write('Summary: Cloud computing fabric controller\n')
    for name, text in {'setup.cfg': SETUP_CFG, 'setup.py': SETUP_PY, 'doc/source/index.rst': 'nova\n', **files}.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text)
    return made


@pytest.fixture
def tree(tmp_path):
    return write(tmp_path / 'nova-26.3.0')


def built(source, to, **options):
    to.mkdir(parents=True)
    fork = making.make(obtain(str(source), to / 'work', documents=True))
    return sdist.build(fork, to, revision=options.pop('revision', 1), epoch=EPOCH, **options)


def members(path):
    with tarfile.open(path) as archive:
        return {member.name.partition('/')[2]: archive.extractfile(member).read().decode() for member in archive
                if member.isfile()}


def test_it_is_the_whole_source_and_the_delta_in_one_folder(tree, tmp_path):
    found = members(built(tree, tmp_path / 'out', source_only=True)[0])
    before = {path.relative_to(tree).as_posix() for path in tree.rglob('*') if path.is_file()}
    assert before <= found.keys()
    assert all(name.startswith(('nova/cascading/', 'nova.egg-info/')) for name in found.keys() - before)
    listed = found['nova.egg-info/SOURCES.txt'].splitlines()
    assert {'nova/cascading/host/nova-services', 'nova/cascading/VERSION', 'setup.cfg'} <= set(listed)
    assert listed == sorted(listed)


def test_the_version_stays_and_the_summary_tells_the_fork_from_stock(tree, tmp_path):
    found = members(built(tree, tmp_path / 'out', source_only=True, revision=3)[0])
    assert 'Version: 26.3.0\n' in found['PKG-INFO']
    said = metadata.claim(found['PKG-INFO'])
    assert said.revision == '3' and said.made_of.startswith('nova 26.3.0, git tree ')
    assert found['PKG-INFO'].split('Summary: ')[1].splitlines()[0] in found['setup.cfg']
    assert metadata.claim((tree / 'PKG-INFO').read_text()) is None


@pytest.mark.parametrize('name, text, line', [
    ('setup.cfg', SETUP_CFG, '    nova-cascading = nova.cascading.cli:main\n'),
    ('pyproject.toml', PYPROJECT, 'nova-cascading = "nova.cascading.cli:main"\n')])
def test_our_command_stands_among_novas(tmp_path, name, text, line):
    made = write(tmp_path / 'tree', **{'setup.cfg': '[metadata]\nname = nova\n', name: text})
    found = members(built(made, tmp_path / 'out', source_only=True)[0])
    assert line in found[name] and 'forked by nova-cascading' in found[name]
    assert found[name].replace(line, '').partition('; forked')[0] in text


def test_a_source_without_its_metadata_is_refused_and_the_way_is_named(tmp_path):
    made = fakenova.write(tmp_path / 'tree', '26.3.0')
    with pytest.raises(BuildError, match='no setup.cfg') as error:
        built(made, tmp_path / 'out')
    assert './build.sh sdist 26.3.0' in str(error.value)
    (made / 'setup.py').write_text(SETUP_PY)
    (made / 'setup.cfg').write_text('[metadata]\nname = nova\n')
    with pytest.raises(BuildError, match='neither setup.cfg nor pyproject.toml'):
        built(made, tmp_path / 'out2')


def test_the_same_bytes_from_a_copy_with_other_times_and_modes(tree, tmp_path):
    first = built(tree, tmp_path / 'one', source_only=True)[0].read_bytes()
    for path in tree.rglob('*'):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert built(tree.rename(tmp_path / 'elsewhere'), tmp_path / 'two', source_only=True)[0].read_bytes() == first


def test_the_wheel_has_a_build_tag_our_data_files_and_the_command(tree, tmp_path):
    path = built(tree, tmp_path / 'out')[1]
    assert path.name == f'nova-26.3.0-{wheel.tag(1, sdist.wheel.project.label())}-py3-none-any.whl'
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert 'nova/cascading/host/nova-services' in names and 'nova/cascading/VERSION' in names
        assert not [name for name in names if name.split('/')[0] not in ('nova', 'nova-26.3.0.dist-info')]
        assert b'nova-cascading = nova.cascading.cli:main' in archive.read('nova-26.3.0.dist-info/entry_points.txt')
        assert metadata.claim(archive.read('nova-26.3.0.dist-info/METADATA').decode()).revision == '1'
    assert built(tree, tmp_path / 'again')[1].read_bytes() == path.read_bytes()


def test_what_somebody_has_set_for_pip_says_where_the_index_is_and_nothing_more(tmp_path, monkeypatch):
    """OpenStack's people set PIP_CONSTRAINT; pip looks into what is kept here as it would into their index."""
    kept = cache.directory()
    (tmp_path / 'uc.txt').write_text('pbr===6.1.0\nsetuptools===1.0\n')
    (tmp_path / 'pip.conf').write_text(''.join(
        f'[{command}]\nconstraint = {tmp_path}/uc.txt\nuser = true\nrequire-hashes = true\n{more}\n'
        for command, more in (('global', f'no-index = true\nfind-links = {kept}'), ('install', 'prefix = /nowhere'))))
    monkeypatch.setenv('NOVA_CASCADING_SOURCES', str(tmp_path / 'sources'))
    for name in [name for name in os.environ if name.startswith('PIP_')]:
        monkeypatch.delenv(name)
    set_there = {'CONFIG_FILE': tmp_path / 'pip.conf', 'CONSTRAINT': tmp_path / 'uc.txt', 'PREFIX': '/nowhere',
                 'ROOT': tmp_path / 'root', 'TARGET': tmp_path / 'target', 'USER': 1, 'DRY_RUN': 1, 'REQUIRE_HASHES': 1,
                 'PLATFORM': 'win32', 'NO_BINARY': ':all:'}
    for name, value in set_there.items():
        monkeypatch.setenv(f'PIP_{name}', str(value))
    for _ in ('from the index', 'from what is kept'):
        wheel.install_tools(tmp_path / 'tools')
        assert (tmp_path / 'tools/pbr/version.py').is_file() and (tmp_path / 'tools/setuptools').is_dir()
        shutil.rmtree(tmp_path / 'tools')
        monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')  # and so no index any more
    assert not [name for name in environment.kept() if name.startswith('PIP_') and name != 'PIP_CONFIG_FILE']


def test_a_higher_revision_comes_first_for_pip():
    from packaging.utils import parse_wheel_filename

    tags = [parse_wheel_filename(f'nova-26.3.0-{wheel.tag(number, "2+dirty")}-py3-none-any.whl')[2]
            for number in (2, 10)]
    assert tags == sorted(tags) and tags[0] == (2, 'cascading2_dirty')


def git(where, *words):
    return subprocess.run(['git', '-c', 'user.name=x', '-c', 'user.email=x@example.org', '-C', where, *words],
                          check=True, capture_output=True, text=True, env=environment.kept()).stdout.strip()


@pytest.fixture
def checkout(tree):
    (tree / 'PKG-INFO').unlink()
    (tree / '.gitignore').write_text('*.egg-info\n')
    git(tree, 'init', '-q')
    git(tree, 'add', '.')
    git(tree, 'commit', '-q', '-m', 'as released')
    git(tree, 'tag', '-a', '-m', 'x', '26.3.0')
    return tree


def branched(source, to, work, revision=1):
    made = obtain(str(source), work, documents=True)
    return branch.write(sdist.source(making.make(made), revision), made, to, revision=revision, epoch=EPOCH)


def test_on_top_of_upstreams_commit_with_the_tag_that_pbr_wants(checkout, tmp_path):
    made = branched(checkout, tmp_path / 'git', tmp_path / 'w')
    repository = tmp_path / 'git'
    assert git(repository, 'rev-parse', f'{made.name}^') == git(checkout, 'rev-parse', 'HEAD')
    assert git(repository, 'describe', '--exact-match', 'HEAD') == made.tag == 'v26.3.0'
    changed = git(repository, 'diff', '--name-only', f'{made.name}^', made.name).splitlines()
    assert 'setup.cfg' in changed and 'nova/objects/instance.py' in changed
    assert not [name for name in changed if 'egg-info' in name or name == 'PKG-INFO']
    assert branched(checkout, tmp_path / 'another', tmp_path / 'w2') == made


def test_a_second_revision_can_be_pulled_and_the_same_one_changes_nothing(checkout, tmp_path):
    first = branched(checkout, tmp_path / 'git', tmp_path / 'w')
    assert branched(checkout, tmp_path / 'git', tmp_path / 'w2') == first
    second = branched(checkout, tmp_path / 'git', tmp_path / 'w3', revision=2)
    assert git(tmp_path / 'git', 'rev-parse', f'{second.commit}^') == first.commit
    assert git(tmp_path / 'git', 'rev-list', '-n1', 'v26.3.0') == second.commit


def test_without_a_checkout_the_branch_begins_with_the_fork(tree, tmp_path):
    made = branched(tree, tmp_path / 'git', tmp_path / 'w')
    assert git(tmp_path / 'git', 'rev-list', '--count', made.name) == '1'
    listed = git(tmp_path / 'git', 'ls-tree', '-r', '--name-only', made.name).splitlines()
    assert 'nova/cascading/cli.py' in listed and 'doc/source/index.rst' in listed


def test_what_is_no_bare_repository_is_left_alone(tree, checkout, tmp_path):
    with pytest.raises(BuildError, match='no bare git repository'):
        branched(tree, checkout, tmp_path / 'w')
    assert git(checkout, 'status', '--porcelain') == ''


def test_where_no_repository_can_be_made_nothing_is_built_first(tree, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(BuildError, match='/file is no directory that you may write in'):
        branch.look(obtain(str(tree), tmp_path / 'w', documents=True), tmp_path / 'file/below/git')


def test_the_command_builds_all_of_it_and_prove_does_it_again(tree, tmp_path):
    done = subprocess.run([PROJECT / 'build.sh', 'sdist', tree, '--to', tmp_path / 'out', '--git', tmp_path / 'a/git'],
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in Path(tmp_path / 'out').iterdir()) == ['.gz', '.whl']
    assert '--no-deps --force-reinstall' in done.stdout and '@cascading-26.3.0#egg=nova' in done.stdout
    proven = subprocess.run([PROJECT / 'build.sh', 'prove', *(tmp_path / 'out').iterdir(), '--source', tree],
                            capture_output=True, text=True, timeout=100)
    assert proven.returncode == 0 and proven.stdout.count(': the same bytes') == 2, proven.stdout + proven.stderr
