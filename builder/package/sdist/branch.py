"""The forked source as a branch of a git repository, for OpenStack-Ansible, LOCI, devstack and Kolla's `type = git`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from builder.common import git, project, tools
from builder.common.errors import BuildError
from builder.common.maintainer import maintainer
from builder.common.model import Tree
from builder.package.archive import EXECUTABLE, LINK, Member
from builder.source.novaversion import Release

MODES = {EXECUTABLE: '100755', LINK: '120000'}


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
    with git.settings(tree.path) as env:
        repository = Repository(to, env)
        repository.prepare()
        name = f'cascading-{tree.version}'
        parents = [repository.ask('rev-parse', '--verify', '--quiet', f'refs/heads/{name}'),
                   repository.upstream(tree)]
        message = f'nova-cascading {project.label()}, revision {revision}, of {tree.made_of}\n'
        repository.commit(name, message, [parent for parent in parents if parent], members, epoch)
        tag = f'v{tree.version}' if Release.of(tree.version).final else ''
        if tag:
            repository.tag(tag, name, message, epoch)
        repository.run('symbolic-ref', 'HEAD', f'refs/heads/{name}')
        return Branch(name, repository.run('rev-parse', name).strip(), tag)


class Repository:
    """A bare repository.

    :param env: what git runs in, see ``git.settings``.
    """

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path.resolve()
        self.env = env

    def run(self, *words: str) -> str:
        return tools.run(['git', '--git-dir', self.path, *words], env=self.env)

    def ask(self, *words: str) -> str:
        """What git prints; '' when it fails."""
        done = tools.attempt(['git', '--git-dir', self.path, *words], env=self.env)
        return done.stdout.strip() if done.returncode == 0 else ''

    def prepare(self) -> None:
        if not self.path.exists() or self.path.is_dir() and not any(self.path.iterdir()):
            self.run('init', '--quiet', '--bare', '--template=')
        if self.ask('rev-parse', '--is-bare-repository') != 'true':
            raise BuildError(f'{self.path} is there and is no bare git repository', 'name a new directory with --git')

    def upstream(self, tree: Tree) -> str:
        """Bring the commit of the source's checkout here, with its tags; '' when the source is no checkout."""
        if not git.ask(tree.path, 'rev-parse', 'HEAD'):
            return ''
        own = f'refs/heads/upstream-{tree.version}'
        self.run('fetch', '--quiet', '--update-shallow', str(tree.path.resolve()), f'+HEAD:{own}')
        return self.run('rev-parse', own).strip()

    def commit(self, name: str, message: str, parents: list[str], members: dict[str, Member], epoch: int) -> None:
        """Set the branch to a commit of the members; none where its last has them already."""
        scratch = 'refs/nova-cascading/new'
        stream = b''.join(import_stream(scratch, message, parents, members, epoch))
        done = subprocess.run(['git', '--git-dir', self.path, 'fast-import', '--quiet', '--force'], input=stream,
                              env=self.env, capture_output=True)
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
        env = {**self.env, 'GIT_COMMITTER_NAME': who.name, 'GIT_COMMITTER_EMAIL': who.address,
               'GIT_COMMITTER_DATE': f'{epoch} +0000'}
        tools.run(['git', '--git-dir', self.path, 'tag', '--force', '--annotate', '--no-sign', '--message', message,
                   tag, f'refs/heads/{name}'], env=env)


def import_stream(ref: str, message: str, parents: list[str], members: dict[str, Member],
                  epoch: int) -> Iterator[bytes]:
    """What git fast-import(1) reads."""
    text = message.encode()
    yield f'commit {ref}\ncommitter {maintainer()} {epoch} +0000\ndata {len(text)}\n'.encode() + text + b'\n'
    for word, parent in zip(['from', *['merge'] * len(parents)], parents):
        yield f'{word} {parent}\n'.encode()
    yield b'deleteall\n'
    for name, member in sorted(members.items()):
        quoted = name.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
        yield f'M {MODES.get(member.kind, "100644")} inline "{quoted}"\ndata {len(member.data)}\n'.encode()
        yield member.data + b'\n'
