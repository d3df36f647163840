"""What packages say of the project comes from its own files: its version, its date, and whether somebody changed it."""

import re
import shutil
import subprocess

import pytest

from builder.common import git, project, workplace
from builder.common.errors import BuildError
from builder.common.project import PROJECT
from tests import conditions
from tests.hosts.lib import verdicts

GIT = ['git', '-c', 'user.name=x', '-c', 'user.email=x@example.org', '-c', 'commit.gpgsign=false']


@pytest.fixture(autouse=True)
def forgetful():
    project.label.cache_clear()
    project.epoch.cache_clear()


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A small project of its own, in a checkout."""
    to = tmp_path / 'a project'
    (to / 'src').mkdir(parents=True)
    shutil.copyfile(project.PROJECT / 'pyproject.toml', to / 'pyproject.toml')
    (to / 'src/file').write_text('as committed\n')
    for words in (['init', '-q'], ['add', '.'], ['commit', '-q', '-m', 'x']):
        subprocess.run([*GIT, *words], cwd=to, check=True)
    monkeypatch.setattr(project, 'PROJECT', to)
    return to


def test_the_newest_heading_of_the_changelog_has_the_version_and_its_date():
    text = (project.PROJECT / 'CHANGELOG.md').read_text()
    number, when = re.search(r'^## (\S+) \((\S+)\)', text, re.MULTILINE).groups()
    assert number == project.stated('version')
    assert when in ('unreleased', project.stated('date'))


def test_a_changed_tree_says_so_and_one_like_its_commit_does_not(copy):
    assert project.label() == project.stated('version')
    (copy / 'src/file').write_text('changed\n')
    project.label.cache_clear()
    assert project.label() == project.stated('version') + '+dirty'


@pytest.mark.parametrize('change', ['more', 'docs'])
def test_new_files_count_where_packages_come_from(copy, change):
    (copy / ('src/new' if change == 'more' else 'notes')).write_text('x')
    assert project.label().endswith('+dirty') == (change == 'more')


def test_without_git_or_inside_another_checkout_the_version_stands_alone(copy, tmp_path):
    shutil.rmtree(copy / '.git')
    subprocess.run([*GIT, 'init', '-q'], cwd=tmp_path, check=True)
    assert project.label() == project.stated('version')
    (copy / '.git').mkdir()  # an empty one: git would look further up
    assert git.ask(copy, 'status', '--porcelain') is None


@pytest.mark.parametrize('condition', [conditions.GIT, conditions.GIT_HOOK, *conditions.UMASKS,
                                       next(one for one in conditions.RIGHTS if one.name == 'user')])
def test_foreign_settings_of_git_and_other_owners_change_nothing(copy, condition):
    conditions.need_readable(condition, PROJECT)
    copy.parent.chmod(0o755)
    for above in copy.parents:
        if '/pytest-of-' in str(above) and above.stat().st_mode & 0o5 != 0o5:
            above.chmod(0o755)
    code = (f'import sys; sys.path.insert(0, {str(PROJECT)!r}); from pathlib import Path\n'
            f'from builder.common import git; where = Path({str(copy)!r})\n'
            'print(git.ask(where, "log", "-1", "--format=%s"), git.ask(where, "status", "-s"))')
    done = condition.run(['/usr/bin/python3', '-I', '-B', '-c', code])
    assert done.stdout == 'x \n', done.stderr


def test_source_date_epoch_is_honoured_and_must_be_a_time(monkeypatch):
    monkeypatch.delenv('SOURCE_DATE_EPOCH', raising=False)
    assert project.epoch() % 86400 == 0 and project.epoch() > 1700000000
    monkeypatch.setenv('SOURCE_DATE_EPOCH', '1234567890')
    project.epoch.cache_clear()
    assert project.epoch() == 1234567890
    monkeypatch.setenv('SOURCE_DATE_EPOCH', 'yesterday')
    project.epoch.cache_clear()
    with pytest.raises(BuildError, match='SOURCE_DATE_EPOCH=yesterday'):
        project.epoch()


def test_what_editors_and_python_leave_behind_is_no_file_of_the_project(tmp_path):
    for name in ('a.py', 'a.py~', '.a.py.swp', 'a.pyc', 'a.py.orig', '__pycache__/a.py', 'b/c', '#a#', '.DS_Store'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('')
    assert [path.name for path in project.files(tmp_path)] == ['a.py', 'c']


@pytest.mark.parametrize(('name', 'why'), [('missing', 'is no directory'), ('a b', 'take apart'), ('plain', '')])
def test_a_place_for_temporary_files_must_serve_all_tools(tmp_path, name, why):
    if name != 'missing':
        (tmp_path / name).mkdir()
    assert why in workplace.problem(str(tmp_path / name)) and bool(why) == bool(workplace.problem(str(tmp_path / name)))


def test_the_documented_verdicts_on_databases_are_those_that_are_tested():
    assert verdicts.table() in (project.PROJECT / 'docs/databases.md').read_text()
