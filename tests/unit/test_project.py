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


def test_the_manual_page_has_the_date_of_the_version():
    title = (project.PROJECT / 'debian/nova-cascading.8').read_text().splitlines()[0]
    assert f' 8 {project.stated("date")} ' in title


DIFFERENT = {
    'changed': 'echo changed >src/file',
    'staged': 'echo changed >src/file; git add src/file',
    'new': 'echo x >src/new',
    'deleted': 'rm src/file',
    'renamed': 'git mv src/file src/other',
    'a repository in it': 'git init -q src/nested; echo x >src/nested/x',
    'ignored by settings': 'echo new >.git/info/exclude; echo x >src/new',
    'ignored by .gitignore': 'echo new >src/.gitignore; echo x >src/new',
    'said to be unchanged': 'git update-index --assume-unchanged src/file; echo changed >src/file',
    'left out of the work tree': 'git update-index --skip-worktree src/file; rm src/file',
    'lines of another system': "printf 'as committed\\r\\n' >src/file; git config core.autocrlf true",
    'lines by an attribute': "echo '* text eol=crlf' >.git/info/attributes; rm src/file; git checkout -q src/file",
    'an object in the place of another': 'git replace HEAD^{tree} $(git mktree </dev/null); rm -r src',
    'a folder in the place of a file': 'rm src/file; mkdir src/file; echo x >src/file/x',
}
ALIKE = {
    'nothing': ':',
    'elsewhere': 'echo x >notes; echo x >>README.md',
    'what editors and Python leave': 'mkdir src/__pycache__; touch src/__pycache__/x.pyc src/.x.swp src/file~',
    'modes': 'chmod 755 src/file; chmod 600 pyproject.toml',
    'modes that git cannot see': 'git config core.fileMode false; chmod 755 src/file',
    'times': 'touch -d 2001-01-01 src/file',
    'other settings for lines': 'git config core.autocrlf true; git config core.eol crlf; touch src/file',
    'an index without what it knew': 'rm .git/index',
    'a tag': 'git tag v9; git checkout -q v9',
    'packed': 'git gc -q',
}


def after(copy, line):
    subprocess.run(['sh', '-euc', line], cwd=copy, check=True, env={
        'PATH': '/usr/bin:/bin', 'HOME': '/nonexistent', 'GIT_CONFIG_GLOBAL': '/dev/null'})
    return project.label().removeprefix(project.stated('version'))


@pytest.mark.parametrize('line', DIFFERENT.values(), ids=DIFFERENT)
def test_a_tree_that_differs_from_its_commit_says_so(copy, line):
    assert after(copy, line) == '+dirty'


@pytest.mark.parametrize('line', ALIKE.values(), ids=ALIKE)
def test_a_tree_that_is_like_its_commit_does_not(copy, line):
    assert after(copy, line) == ''


@pytest.mark.parametrize('line', [
    'git clone -q -c core.autocrlf=true -c core.eol=crlf "$1" "$2"', 'git clone -q --depth 1 "file://$1" "$2"',
    'git clone -q --bare "$1" "$2.git"; git -C "$2.git" config uploadpack.allowFilter true; '
    'git clone -q --filter=tree:0 "file://$2.git" "$2"; ls "$2"/.git/objects/pack/*.promisor',
    'git clone -q "$1" "$2.1"; git -C "$2.1" worktree add -q "$2"',
    'git clone -q --bare "$1" "$2.git"; git clone -q --shared "$2.git" "$2"',
], ids=['lines of another system', 'shallow', 'partial', 'a second work tree', 'shared objects'])
def test_nor_does_a_clone_of_any_kind(tmp_path, monkeypatch, line):
    """Of this project, as it is committed."""
    if not (PROJECT / '.git').exists():
        pytest.skip('SKIPPED: this is no clone, but a download')
    subprocess.run(['sh', '-euc', line, 'sh', PROJECT, tmp_path / 'clone'], check=True, capture_output=True)
    monkeypatch.setattr(project, 'PROJECT', tmp_path / 'clone')
    assert project.label() == project.stated('version')


def test_without_git_or_inside_another_checkout_the_version_stands_alone(copy, tmp_path):
    shutil.rmtree(copy / '.git')
    subprocess.run([*GIT, 'init', '-q'], cwd=tmp_path, check=True)
    assert project.label() == project.stated('version')
    (copy / '.git').mkdir()  # an empty one: git would look further up
    assert git.ask(copy, 'rev-parse', '--git-dir') is None


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
            'print(git.ask(where, "log", "-1", "--format=%s"), git.ask(where, "ls-files"))')
    done = condition.run(['/usr/bin/python3', '-I', '-B', '-c', code])
    assert done.stdout == 'x pyproject.toml\nsrc/file\n', done.stderr


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
