"""What root runs of a bundle is what was built, and nobody else can change it; no Python starts before."""

import importlib.util
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from tests.installer_bed import MODELS_PATH, STOCK, Bed, contents, part, write_tree
from tests.unit.test_installer import PYTHONS
from tests.unit.test_writers import list_access

NOBODY, MODULES = 65534, 'installation/installer'
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='SKIPPED: needs root, who alone can give files away')


@pytest.fixture
def bed(tmp_path):
    return Bed(tmp_path)


@pytest.fixture
def mark(tmp_path):
    """A file that planted code makes."""
    return tmp_path / 'sprung'


def asked(folder, **variables):
    """install.sh, asked for its help: which it gives when nothing speaks against running it."""
    return subprocess.run(['sh', folder / 'installation/install.sh', '--help'], capture_output=True, text=True,
                          env={**os.environ, **variables})


def plant(path, mark):
    """What leaves the mark when it is imported, as source or as byte code that no source is compared with."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'open({str(mark)!r}, "w")\nraise SystemExit(0)\n')
    if path.suffix == '.pyc':
        source = path.rename(path.with_suffix('.txt'))
        py_compile.compile(str(source), str(path), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        source.unlink()


CACHED = Path(importlib.util.cache_from_source('bug.py')).name
PLANTED = ['optparse.py', 'os.py', 'bug/__init__.py', 'bug.so', f'__pycache__/{CACHED}']


@pytest.mark.parametrize('name', [*PLANTED, 'bug.pyc'])
def test_what_the_checksums_do_not_know_among_the_modules_is_named_and_not_run(bed, mark, name):
    plant(bed.bundle / MODULES / name, mark)
    done = asked(bed.bundle)
    assert done.returncode == 1 and f'{MODULES}/{name.partition("/")[0]}' in done.stderr, done
    assert 'Next: unpack the bundle again' in done.stderr and not mark.exists()


def test_what_lies_elsewhere_in_the_bundle_is_harmless(bed, mark):
    """As the log of `sudo sh ./install.sh >log` does; no folder of the bundle's is one that Python looks in."""
    (bed.bundle / 'installation/log').write_text('')
    plant(bed.bundle / 'installation/optparse.py', mark)
    assert asked(bed.bundle).returncode == 0 and not mark.exists()


@pytest.mark.parametrize('python', [sys.executable, *PYTHONS])
def test_nothing_beside_the_modules_passes_for_one_of_pythons_own(python, tmp_path, mark):
    folder = tmp_path / 'installer'
    shutil.copytree(PROJECT / MODULES, folder, ignore=shutil.ignore_patterns('__pycache__'))
    can = subprocess.run([python, '-I', '-c', ''], capture_output=True).returncode == 0
    for name in ('optparse.py', 'os.py', *([f'__pycache__/{CACHED}'] if sys.executable == python else [])):
        plant(folder / name, mark)
    words = [python, *(['-I', '-B'] if can else ['-E', '-s', '-B']), folder / '__main__.py', 'install', '--help']
    done = subprocess.run(words, capture_output=True, text=True)
    assert 'install.sh [options]' in done.stdout and not mark.exists(), done


def test_a_plan_does_not_keep_the_checksums_from_being_compared(bed):
    (bed.bundle / 'plan.json').write_text('{}')
    (bed.bundle / MODULES / 'bug.py').write_text('')
    done = asked(bed.bundle)
    assert done.returncode == 1 and 'bug.py: FAILED' in done.stderr


def given(path, uid, gid, mode):
    os.chown(path, uid, gid)
    path.chmod(mode)


OPEN = {
    'file': (lambda it: (it / 'manifest.json').chmod(0o666), 'everybody can write {0}/manifest.json'),
    'module': (lambda it: (it / MODULES / 'bug.py').chmod(0o666), 'everybody can write {0}/installation/installer/bug'),
    'directory': (lambda it: (it / MODULES).chmod(0o777), 'everybody can write {0}/installation/installer'),
    'sticky': (lambda it: (it / MODULES).chmod(0o1777), 'everybody can write {0}/installation/installer'),
    'top': (lambda it: it.chmod(0o1777), 'everybody can write {0}/.'),
    'owner': (lambda it: os.chown(it / MODULES / 'bug.py', NOBODY, -1), 'the user 65534 can write {0}/'),
    'group': (lambda it: given(it / MODULES, 0, NOBODY, 0o775), ' can write {0}/installation/installer'),
    'access list': (lambda it: list_access(it / 'README'), 'somebody in its access list can write {0}/README'),
    'link': (lambda it: (it / 'LICENSE').rename(it / 'l').with_name('LICENSE').symlink_to('l'), 'what it leads to'),
    'above': (lambda it: it.parent.chmod(0o777), 'everybody can write {1}'),
    'above, of another': (lambda it: os.chown(it.parent, NOBODY, -1), 'the user 65534 can write {1}'),
    'above, of a group': (lambda it: given(it.parent, 0, NOBODY, 0o2775), ' can write {1}'),
}


@needs_root
@pytest.mark.parametrize('how', OPEN)
def test_what_others_can_write_is_refused_by_name(bed, how):
    spoil, says = OPEN[how]
    spoil(bed.bundle)
    done = asked(bed.bundle)
    assert done.returncode == 1 and says.format(bed.bundle, bed.bundle.parent) in done.stderr, done
    assert 'Next: unpack the bundle anew as root' in done.stderr


def of_a_user(bundle):
    """As he unpacks it with the umask 002 that goes with a group of his own."""
    for path in [bundle, *bundle.rglob('*')]:
        given(path, 60001, 60001, 0o775 if path.is_dir() else 0o664)


@needs_root
@pytest.mark.parametrize('way', [of_a_user, lambda it: it.parent.chmod(0o1777),
                                 lambda it: given(it.parent, 0, 0, 0o775), lambda it: given(it, 0, 60003, 0o2775)],
                         ids=['of who typed sudo', 'below a sticky directory', 'group root', 'a group of nobody'])
def test_what_only_believed_users_can_write_is_run(bed, way):
    way(bed.bundle)
    done = asked(bed.bundle, SUDO_UID='60001')
    assert done.returncode == 0 and 'install.sh [options]' in done.stdout, done


@needs_root
def test_the_copy_in_a_journal_is_run_though_it_keeps_files_of_others_unless_others_can_write_it(bed):
    os.chown(bed.parent / MODELS_PATH, NOBODY, NOBODY)
    assert bed.install().returncode == 0
    journal = bed.state / bed.journals()[0]
    (journal / MODULES / 'bug.py').chmod(0o666)
    words = ['sh', journal / 'installation/uninstall.sh', '--no-restart']
    refused = subprocess.run(words, capture_output=True, text=True)
    assert refused.returncode == 1 and f'everybody can write {journal}/{MODULES}/bug.py' in refused.stderr
    (journal / MODULES / 'bug.py').chmod(0o644)
    assert subprocess.run(words, capture_output=True).returncode == 0
    assert contents(bed.parent) == STOCK


@needs_root
def test_in_somebody_elses_directory_nothing_is_made_and_no_link_followed(bed):
    """`lock` would lead root to a file that keeps everybody from logging in."""
    bed.state.mkdir()
    os.chown(bed.state, NOBODY, NOBODY)
    (bed.state / 'lock').symlink_to(bed.work / 'nologin')
    for place in (bed.state, bed.state / 'new/one'):
        done = bed.install('--state-dir', str(place))
        assert done.returncode == 1 and f'{bed.state} belongs to the user nobody' in done.stderr, done
    assert not (bed.work / 'nologin').exists() and not (bed.state / 'new').exists()


def test_a_lock_that_is_a_link_is_not_followed(bed):
    bed.state.mkdir()
    (bed.state / 'lock').symlink_to(bed.work / 'nologin')
    done = bed.install()
    assert done.returncode == 1 and f'{bed.state}/lock' in done.stderr
    assert not (bed.work / 'nologin').exists()


def test_a_folder_of_modules_to_which_others_can_add_is_open_though_it_is_sticky(tmp_path):
    trust = part('trust')
    write_tree(tmp_path / 'tree', STOCK)
    assert trust.weakness_of_modules(str(tmp_path / 'tree/nova'), trust.ourselves()) is None
    for folder in ('tree/nova', 'tree/nova/db'):
        (tmp_path / folder).chmod(0o1777)
        assert f'{folder} can be written by everybody' in trust.weakness_of_modules(
            str(tmp_path / 'tree/nova'), trust.ourselves())
        (tmp_path / folder).chmod(0o755)
    (tmp_path / 'tree').chmod(0o1777)
    assert 'everybody' in trust.weakness_of_folder(str(tmp_path / 'tree'), trust.ourselves())
