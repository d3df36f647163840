"""publish, promote, withdraw, refresh, rotate and verify under every condition of the field.

The same tree comes out, or the command says why not, names the next one, and has changed nothing.
"""

import json

import pytest

from tests import conditions, repositories
from tests.repositories import EL7, UBUNTU, Publisher

# Conditions in which root cannot do what it usually can, or the message itself cannot be written.
MAY_REFUSE = {'user', 'no-capabilities', 'home-missing', 'home-read-only', 'tmpdir-noexec', 'few-files'}


@pytest.fixture(scope='module')
def top(tmp_path_factory):
    return tmp_path_factory.mktemp('conditions')


@pytest.fixture(scope='module')
def signers(home):
    return [repositories.fingerprint(home), repositories.make_key(home, 'next key')]


@pytest.fixture(scope='module')
def first(top, home, signers):
    """A repository of revision 1, and revision 2 beside it."""
    repo = Publisher(top / 'first', home)
    for revision in (1, 2):
        repositories.deb(top / str(revision), revision)
        repositories.rpms(top / str(revision), revision)
    repo('publish', top / '1', '--key', signers[0], '--url', repositories.URL)
    return repo


def cycle(top, signers):
    """Each command once, and every file of the tree changes on the way."""
    return [['publish', '--channel', 'testing', str(top / '2')], ['promote'],
            ['withdraw', UBUNTU.format(2)], ['withdraw', f'2014.1.5-{EL7.format(2)}'],
            ['publish', '--refresh', '--key', signers[0], '--key', signers[1]], ['verify']]


# Several at once, to spare time: each of the last has a home of its own, so there can be one of these.
TOGETHER = [[conditions.UMASKS[2], conditions.GPG, conditions.GIT_HOOK], [conditions.COMPRESSORS, conditions.RPM],
            [conditions.UMASKS[0], conditions.SHELL, conditions.DEBIAN], [conditions.LOCALES[4], conditions.PYTHON]]


def run(repo, condition, words):
    return condition.run(repo.command(*words), env=repo.environment())


def tree(repo):
    return {str(path.relative_to(repo.root)): (path.read_bytes(), path.stat().st_mode)
            for path in repo.root.rglob('*') if path.is_file()}


@pytest.mark.parametrize('together', TOGETHER, ids=lambda together: '+'.join(one.name for one in together))
def test_all_commands_give_what_they_always_give(first, top, signers, tmp_path, together):
    repo = first.copy(tmp_path / 'repo')
    for words in cycle(top, signers):
        command = repo.command(*words)
        for condition in together[:0:-1]:
            command = condition.wrap(command)
        done = together[0].run(command, env=repo.environment())
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    state = json.loads((repo.root / 'state.json').read_text())
    assert state['keys'] == signers
    assert len(state['suites']['icehouse-trusty']['withdrawn']) == 1
    assert {oct(path.stat().st_mode & 0o777) for path in repo.root.rglob('*') if not path.is_symlink()} == {
        '0o644', '0o755'}
    repo('verify')


OTHERS = [condition for condition in conditions.ALL if not any(condition in together for together in TOGETHER)]


@pytest.mark.parametrize('condition', OTHERS)
def test_a_refresh_is_done_or_refused_with_a_reason(first, tmp_path, condition):
    repo = first.copy(tmp_path / 'repo')
    before = tree(repo)
    done = run(repo, condition, ['publish', '--refresh'])
    said = f'{done.stdout}{done.stderr}'
    assert 'unexpected error' not in said
    assert 'Traceback' not in said
    if condition.name == 'stdout-full':  # what is published is published, whether it can be told or not
        repo('verify')
        return
    if done.returncode != 0:
        assert condition.name in MAY_REFUSE, said
        assert 'Next:' in said or condition.name.startswith('std')
        assert tree(repo) == before
    repo('verify')
