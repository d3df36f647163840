"""The forked source as a branch of a git repository, for OpenStack-Ansible, LOCI, devstack and Kolla's `type = git`."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from builder.common import git, project, tools
from builder.common.errors import BuildError
from builder.common.maintainer import maintainer
from builder.common.model import Tree
from builder.common.progress import say
from builder.package.archive import EXECUTABLE, LINK, Member
from builder.source.novaversion import Release

# No hooks; and what runs some in passing, or would go on by itself afterwards.
NO_PROGRAMS = ['-c', 'core.hooksPath=/dev/null', '-c', 'core.alternateRefsCommand=true', '-c', 'gc.auto=0']
MODES = {EXECUTABLE: b'100755', LINK: b'120000'}


class Branch(NamedTuple):
    """What a repository got; ``tag`` is '' where the version is none of a release."""

    name: str
    commit: str
    tag: str


def write(members: dict[str, Member], tree: Tree, to: Path, *, revision: int, epoch: int) -> Branch:
    """Add the forked source to a bare repository as the branch ``cascading-<version>``.

    Its commit stands on the checkout's own where the source is one, and on the branch's last where it is there already,
    so that whoever follows the branch can pull. The tag is ``v<version>``: pbr takes it for the version, and it does
    not stand in the way of upstream's own tags.

    :param to: the repository; made when it is not there.
    :raises BuildError: ``to`` is something else, or git fails.
    """
    tools.need(['git'])
    repository = Repository(to)
    repository.prepare()
    name = f'cascading-{tree.version}'
    parents = [repository.ask('rev-parse', '--verify', '--quiet', f'refs/heads/{name}'), repository.upstream(tree)]
    message = f'nova-cascading {project.label()}, revision {revision}, of {tree.made_of}\n'
    repository.commit(name, message, [parent for parent in parents if parent], members, epoch)
    tag = f'v{tree.version}' if Release.of(tree.version).final else ''
    if tag:
        repository.tag(tag, name, message, epoch)
    repository.run('symbolic-ref', 'HEAD', f'refs/heads/{name}')
    return Branch(name, repository.run('rev-parse', name).strip(), tag)


def look(tree: Tree, to: Path) -> None:
    """Whether ``write`` could do it: asked before all else is built.

    :raises BuildError: ``to`` is something else than a bare repository or cannot be written, or the source's checkout
        has no whole history.
    """
    tools.need(['git'])
    Repository(to).check()
    with git.view(tree.path) as source:
        if source and lacks_objects(source):
            raise BuildError(f'{tree.path} is a partial clone: its history, which is to stand below the branch, lacks '
                             'files', f'git -C {shlex.quote(str(tree.path))} fetch --refetch --no-filter; git before '
                             '2.36 cannot do that: clone it again without --filter')
        if source and is_shallow(source):
            say(f'note: {tree.path} is a shallow clone, so the history below the branch ends where its own does. '
                f'Next, for all of it: git -C {shlex.quote(str(tree.path))} fetch --unshallow, and build again')


def is_shallow(repository: Path) -> bool:
    return (repository / 'shallow').exists()


def lacks_objects(repository: Path) -> bool:
    """A partial clone that has fetched them all is as good as any other."""
    if not any(repository.glob('objects/pack/*.promisor')):
        return False
    done = tools.attempt(['git', '--git-dir', repository, 'rev-list', '--objects', '--quiet', 'HEAD'],
                         env=git.environment())
    return done.returncode != 0


class Repository:
    """A bare repository; whoever owns it, no program that it names is run."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.env = git.environment()
        self.git: list[str | Path] = ['git', *NO_PROGRAMS, '--git-dir', self.path]

    def run(self, *words: str | Path, **more: str) -> str:
        return tools.run([*self.git, *words], env={**self.env, **more}, hint=f'see that {self.path} is whole: '
                         f'git -C {shlex.quote(str(self.path))} fsck; or name a new directory with --git')

    def ask(self, *words: str) -> str:
        """What git prints; '' when it fails."""
        done = tools.attempt([*self.git, *words], env=self.env)
        return done.stdout.strip() if done.returncode == 0 else ''

    def is_new(self) -> bool:
        return not self.path.exists() or self.path.is_dir() and not any(self.path.iterdir())

    def check(self) -> None:
        if not self.is_new() and self.ask('rev-parse', '--is-bare-repository') != 'true':
            raise BuildError(f'{self.path} is there and is no bare git repository', 'name a new directory with --git')
        there = next(place for place in [self.path, *self.path.parents] if os.path.lexists(place))
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise BuildError(f'the repository {self.path} cannot be written: {there} is no directory that you may '
                             'write in', 'name another place with --git')

    def prepare(self) -> None:
        self.check()
        if self.is_new():
            self.path.parent.mkdir(parents=True, exist_ok=True)  # git makes the last directory alone
            self.run('init', '--quiet', '--bare', '--template=')

    def upstream(self, tree: Tree) -> str:
        """Bring the commit of the source's checkout here, with its tags; '' when the source is no checkout."""
        with git.view(tree.path) as source:
            if source is None or not Repository(source).ask('rev-parse', '--verify', '--quiet', 'HEAD'):
                return ''
            own = f'refs/heads/upstream-{tree.version}'
            how = '--unshallow' if is_shallow(self.path) and not is_shallow(source) else '--update-shallow'
            self.run('fetch', '--quiet', how, source, f'+HEAD:{own}', GIT_ALLOW_PROTOCOL='file')
            return self.run('rev-parse', own).strip()

    def commit(self, name: str, message: str, parents: list[str], members: dict[str, Member], epoch: int) -> None:
        """Set the branch to a commit of the members; none where its last has them already."""
        scratch = 'refs/nova-cascading/new'
        stream = b''.join(import_stream(scratch, message, parents, members, epoch))
        done = subprocess.run([*self.git, 'fast-import', '--quiet', '--force'], input=stream, env=self.env,
                              capture_output=True)
        if done.returncode:
            raise BuildError(f'git fast-import failed:\n{tools.tail(done.stderr.decode(errors="replace"))}',
                             f'see that there is space at {self.path}')
        if not self.same(scratch, parents):
            self.run('update-ref', f'refs/heads/{name}', scratch)
        self.run('update-ref', '-d', scratch)

    def same(self, new: str, parents: list[str]) -> bool:
        """Is the first parent our last, with this content?  Then every other parent is in it already."""
        if not parents or any(self.ask('merge-base', parents[0], parent) != parent for parent in parents[1:]):
            return False
        return self.run('rev-parse', f'{new}^{{tree}}') == self.run('rev-parse', f'{parents[0]}^{{tree}}')

    def tag(self, tag: str, name: str, message: str, epoch: int) -> None:
        """An annotated one: pbr asks `git describe`, which does not see others."""
        who = maintainer()
        self.run('tag', '--force', '--annotate', '--no-sign', '--message', message, tag, f'refs/heads/{name}',
                 GIT_COMMITTER_NAME=who.name, GIT_COMMITTER_EMAIL=who.address, GIT_COMMITTER_DATE=f'{epoch} +0000')


def import_stream(ref: str, message: str, parents: list[str], members: dict[str, Member],
                  epoch: int) -> Iterator[bytes]:
    """What git fast-import(1) reads."""
    text = message.encode()
    yield f'commit {ref}\ncommitter {maintainer()} {epoch} +0000\ndata {len(text)}\n'.encode() + text + b'\n'
    for word, parent in zip(['from', *['merge'] * len(parents)], parents):
        yield f'{word} {parent}\n'.encode()
    yield b'deleteall\n'
    for name, member in sorted(members.items()):
        quoted = os.fsencode(name).replace(b'\\', b'\\\\').replace(b'"', b'\\"').replace(b'\n', b'\\n')
        yield b'M %s inline "%s"\ndata %d\n' % (MODES.get(member.kind, b'100644'), quoted, len(member.data))
        yield member.data + b'\n'
