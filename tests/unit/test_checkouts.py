"""A source may be a git checkout that anybody has made: what it is, is read; what its settings name is not run."""

import os
import re
import shlex
import subprocess

import pytest

from builder.common import environment, git
from builder.common.errors import BuildError
from builder.fork import making
from builder.package import sdist
from builder.package.sdist import branch, content
from builder.source.obtain import obtain
from tests.unit.test_sdist import EPOCH, write

NAME = ['-c', 'user.name=x', '-c', 'user.email=x@example.org', '-c', 'commit.gpgsign=false']
# Each makes some command of git's run `touch ran`.
PROGRAMS = '''
[core]
    repositoryFormatVersion = 1
    fsmonitor = touch {mark}
    hooksPath = {hooks}
    sshCommand = touch {mark};
    gitProxy = {hooks}/reference-transaction
    pager = touch {mark};
    editor = touch {mark};
    alternateRefsCommand = touch {mark};
    attributesFile = {hooks}/attributes
[extensions]
    partialClone = origin
[remote "origin"]
    url = {hooks}
    promisor = true
    uploadPack = touch {mark};false
[filter "evil"]
    clean = touch {mark}
    smudge = touch {mark}
    process = touch {mark}
    required = true
[diff]
    external = touch {mark};
[diff "evil"]
    textconv = touch {mark};
[gpg]
    program = {hooks}/reference-transaction
[log]
    showSignature = true
[alias]
    describe = !touch {mark}
    ls-files = !touch {mark}
[pager]
    describe = touch {mark};
[credential]
    helper = !touch {mark}
[uploadpack]
    packObjectsHook = touch {mark};
[include]
    path = {hooks}/pipe
'''


def run(where, *words):
    return subprocess.run(['git', *NAME, '-C', where, *words], check=True, capture_output=True, text=True,
                          env=environment.kept()).stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    """Two commits, the first one tagged."""
    tree = write(tmp_path / 'nova-26.3.0')
    (tree / 'PKG-INFO').unlink()
    run(tree, 'init', '-q')
    for number in range(2):
        (tree / 'doc/number').write_text(f'{number}\n')
        run(tree, 'add', '.')
        run(tree, 'commit', '-q', '-m', f'{number}')
    run(tree, 'tag', '-a', '-m', 'x', '26.3.0', 'HEAD~')
    return tree


@pytest.fixture
def hostile(checkout, tmp_path):
    """The same with an object missing, and all that could run a program; where it would leave a mark."""
    hooks, mark = tmp_path / 'hooks', tmp_path / 'ran'
    hooks.mkdir()
    for hook in ('reference-transaction', 'post-index-change', 'post-checkout'):
        (hooks / hook).write_text(f'#!/bin/sh\ntouch {mark}\n')
        (hooks / hook).chmod(0o755)
    (hooks / 'attributes').write_text('* filter=evil diff=evil\n')
    os.mkfifo(hooks / 'pipe')
    missing = run(checkout, 'rev-parse', 'HEAD~')
    (checkout / '.git/objects' / missing[:2] / missing[2:]).unlink()
    (checkout / '.git/config').write_text(PROGRAMS.format(mark=mark, hooks=hooks))
    return checkout, mark


def test_nothing_is_run_that_a_checkouts_settings_name(hostile, tmp_path):
    tree, mark = hostile
    made = obtain(str(tree), tmp_path / 'work', documents=True)
    assert made.version == '26.3.0' and re.search(r'\(commit [0-9a-f]{40}\)$', made.origin)
    assert 'doc/number' in dict(content.upstream(made))
    with pytest.raises(BuildError):
        branch.write({}, made, tmp_path / 'git', revision=1, epoch=EPOCH)
    assert not mark.exists()


def test_an_archives_own_history_is_not_looked_at(hostile, tmp_path):
    tree, mark = hostile
    subprocess.run(['tar', '-czf', tmp_path / 'n.tar.gz', '-C', tmp_path, tree.name], check=True)
    made = obtain(str(tmp_path / 'n.tar.gz'), tmp_path / 'work', documents=True)
    assert made.version == '26.3.0' and not (made.path / '.git').exists() and not mark.exists()


def test_an_archive_leads_to_no_repository_of_this_machine(checkout, tmp_path):
    source = write(tmp_path / 'other' / 'nova-26.3.0')
    (source / '.git').write_text(f'gitdir: {checkout}/.git\n')
    subprocess.run(['tar', '-czf', tmp_path / 'n.tar.gz', '-C', tmp_path / 'other', source.name], check=True)
    made = branched(tmp_path / 'n.tar.gz', tmp_path)
    assert run(tmp_path / 'git', 'rev-list', '--count', made.name) == '1'


def test_what_lies_outside_is_no_file_of_a_checkout_whatever_its_index_says(checkout, tmp_path):
    (checkout / 'link').mkdir()
    (checkout / 'link/secret').write_text('x')
    run(checkout, 'add', '.')
    (tmp_path / 'outside').mkdir()
    (checkout / 'link/secret').rename(tmp_path / 'outside/secret')
    (checkout / 'link').rmdir()
    (checkout / 'link').symlink_to(tmp_path / 'outside')
    assert not [name for name, _ in content.upstream(obtain(str(checkout), tmp_path / 'work')) if 'secret' in name]


def test_what_leads_to_a_repository_is_no_file_of_the_source(tmp_path):
    tree = write(tmp_path / 'nova-26.3.0')
    (tree / '.git').write_text('gitdir: /nowhere\n')
    assert '.git' not in dict(content.upstream(obtain(str(tree), tmp_path / 'work')))


KINDS = {
    'as it is': 'mv "$1" "$2"',
    'a further work tree': 'git -C "$1" worktree add -q -f "$2"',
    'a submodule': 'git init -q "$2.m" && cd "$2.m" && git -c protocol.file.allow=always submodule -q add "$1" n && '
                   'ln -s "$2.m/n" "$2"',
    'shared objects': 'git clone -q --shared "$1" "$2"',
    'packed': 'git -C "$1" gc -q; git clone -q "$1" "$2"',
    'an index in two parts': 'git clone -q "$1" "$2"; git -C "$2" update-index --split-index',
    'a sparse index': 'git clone -q "$1" "$2"; cd "$2"; git sparse-checkout set --cone --sparse-index nova',
    'no branch': 'git clone -q "$1" "$2"; git -C "$2" checkout -q --detach',
    'shallow': 'git clone -q --depth 1 "file://$1" "$2"',
    'partial': 'git -C "$1" config uploadpack.allowFilter true; git clone -q --filter=blob:none "file://$1" "$2"',
}


@pytest.mark.parametrize('line', KINDS.values(), ids=KINDS)
def test_it_is_read_as_git_itself_reads_it(checkout, tmp_path, line):
    copy = tmp_path / 'copy'
    subprocess.run(['sh', '-euc', line, 'sh', checkout, copy], check=True, capture_output=True)
    for words in (['rev-parse', 'HEAD'], ['ls-files'], ['ls-tree', '-r', 'HEAD'], ['log', '--format=%H;%P;']):
        assert git.ask(copy, *words) == run(copy, *words)


@pytest.mark.parametrize('place', ['.git', '.git/HEAD', '.git/packed-refs'])
def test_a_pipe_in_it_is_not_waited_for(checkout, place):
    path = checkout / place
    if path.exists():
        path.rename(checkout / 'away')
    os.mkfifo(path)
    assert (git.ask(checkout, 'rev-parse', 'HEAD') is None) == (place != '.git/packed-refs')


# --- as the branch of a repository ----------------------------------------------------------------------------------

def branched(source, tmp_path, revision=1):
    made = obtain(str(source), tmp_path / f'work{revision}', documents=True)
    branch.look(made, tmp_path / 'git')
    return branch.write(sdist.source(making.make(made), revision), made, tmp_path / 'git', revision=revision,
                        epoch=EPOCH)


def cloned(checkout, tmp_path, option):
    run(checkout, 'config', 'uploadpack.allowFilter', 'true')
    run(tmp_path, 'clone', '-q', option, f'file://{checkout}', 'a clone/nova-26.3.0')
    return tmp_path / 'a clone/nova-26.3.0'


def test_a_partial_clone_is_refused_before_anything_is_built_and_serves_when_it_is_whole(checkout, tmp_path):
    partial = cloned(checkout, tmp_path, '--filter=blob:none')
    with pytest.raises(BuildError) as caught:
        branched(partial, tmp_path)
    assert 'is a partial clone' in caught.value.what and not (tmp_path / 'git').exists()
    command, found, _ = caught.value.hint.partition('--no-filter')
    subprocess.run(shlex.split(command + found), check=True, capture_output=True)
    made = branched(partial, tmp_path)
    assert run(tmp_path / 'git', 'rev-list', '--count', made.name) == '3'


def test_a_shallow_clone_gives_the_history_that_it_has_and_says_so(checkout, tmp_path, capsys):
    shallow = cloned(checkout, tmp_path, '--depth=1')
    made = branched(shallow, tmp_path)
    assert run(tmp_path / 'git', 'rev-list', '--count', made.name) == '2'
    command = re.search(r'Next, for all of it: (.*?),', capsys.readouterr().err)[1]
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    made = branched(shallow, tmp_path, revision=2)
    assert run(tmp_path / 'git', 'rev-list', '--count', made.name) == '3' and 'note' not in capsys.readouterr().err


def test_a_repositorys_hooks_are_not_run(checkout, tmp_path):
    run(tmp_path, 'init', '-q', '--bare', 'git')
    hook = tmp_path / 'git/hooks/reference-transaction'
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\ntouch {tmp_path}/ran\n')
    hook.chmod(0o755)
    branched(checkout, tmp_path)
    assert not (tmp_path / 'ran').exists()
