"""publish, promote, withdraw, refresh, rotate and verify under every condition of the field.

The same tree comes out, or the command says why not, names the next one, and has changed nothing.
"""

import json

import pytest

from tests import conditions, repositories
from tests.repositories import EL7, UBUNTU, Publisher

# Several at once, to spare time; of those that give the command another home there can be one.
TOGETHER = ['stdin-closed umask-077 foreign-gpg inside-a-git-hook locale-C',
            'terminal foreign-compressors foreign-rpm locale-ascii tmpdir-missing',
            'narrow-terminal umask-002 foreign-shell foreign-debian locale-missing',
            'dumb-terminal foreign-python locale-de_DE.ISO-8859-1 tmpdir-with-spaces',
            'umask-027 foreign-git locale-tr_TR.UTF-8 no-network',
            'foreign-pip locale-fr_FR.UTF-8 signals-ignored',
            'locale-ja_JP.EUC-JP home-unset directory-removed container']
# Root cannot do what it usually can, or there is nobody to tell.
ALONE = {condition.name for condition in conditions.ALL} - set(' '.join(TOGETHER).split())
MADE = {condition.name: condition for condition in conditions.ALL}


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
        repositories.wheel(top / str(revision), revision)
        repositories.sdist(top / str(revision), revision)
    repo('publish', top / '1', '--key', signers[0], '--url', repositories.URL)
    return repo


def cycle(top, signers):
    """Each command once, and every file of the tree changes on the way."""
    return [['publish', '--channel', 'testing', str(top / '2')], ['promote'],
            ['withdraw', UBUNTU.format(2)], ['withdraw', f'2014.1.5-{EL7.format(2)}'],
            ['withdraw', '26.3.0-2cascading2', '--suite', 'pypi'],
            ['publish', '--refresh', '--key', signers[0], '--key', signers[1]], ['verify']]


def tree(repo):
    return {str(path.relative_to(repo.root)): (path.read_bytes(), path.stat().st_mode)
            for path in repo.root.rglob('*') if path.is_file()}


def is_as_always(repo, signers):
    state = json.loads((repo.root / 'state.json').read_text())
    assert state['keys'] == signers
    withdrawn = {name: len(suite['withdrawn']) for name, suite in state['suites'].items()}
    assert {name: withdrawn[name] for name in ('icehouse-trusty', 'icehouse-el7', 'pypi')} == {
        'icehouse-trusty': 1, 'icehouse-el7': 2, 'pypi': 2}
    assert {oct(path.stat().st_mode & 0o777) for path in repo.root.rglob('*') if not path.is_symlink()} == {
        '0o644', '0o755'}
    assert len(list(repo.root.glob('ansible/*.tar.gz'))) == 1
    repo('verify')


@pytest.mark.parametrize('together', TOGETHER)
def test_all_commands_give_what_they_always_give(first, top, signers, tmp_path, together):
    repo = first.copy(tmp_path / 'repo')
    outer, *inner = [MADE[name] for name in together.split()]
    for words in cycle(top, signers):
        command = repo.command(*words)
        for condition in inner[::-1]:
            command = condition.wrap(command)
        done = outer.run(command, env=repo.environment())
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    is_as_always(repo, signers)


@pytest.mark.parametrize('name', sorted(ALONE))
def test_each_command_is_done_or_refused_with_a_reason(first, top, signers, tmp_path, name):
    """Refused, it has changed nothing, and works once the condition is gone."""
    condition = MADE[name]
    repo = first.copy(tmp_path / 'repo')
    for words in cycle(top, signers):
        before = tree(repo)
        done = condition.run(repo.command(*words), env=repo.environment())
        said = f'{done.stdout}{done.stderr}'
        assert 'unexpected error' not in said and 'Traceback' not in said
        if done.returncode != 0 and not told_nobody(condition, repo, before):
            assert 'Next:' in said, said
            assert tree(repo) == before
            repo(*words)
    is_as_always(repo, signers)


def told_nobody(condition, repo, before):
    """What is published is published, whether it could be told or not."""
    return condition in conditions.STREAMS and tree(repo) != before
