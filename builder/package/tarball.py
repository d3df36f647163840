"""The upstream tarball of both families' source packages: one normal form, the same bytes on every machine."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Callable, cast

from builder.common import tools, workplace
from builder.common.errors import BuildError
from builder.common.model import Tree
from builder.package import egginfo

MTIME = 1397692800  # 2014-04-17, Icehouse's release: a time of the build's would change the bytes
# Two threads however many cores there are: with one, xz makes no blocks. Level 0: a third larger than level 6, in a
# fifteenth of its time, of a file that only those who rebuild download.
XZ = ['xz', '--compress', '--stdout', '-0', '--threads=2']
# What rpmbuild, a shell and dpkg take for a name and nothing else, in a list of files too; no nova has any other.
NAME = re.compile(r'[A-Za-z0-9._+~@,=:/-]+')
LEFT_OUT = {'__pycache__', '.git', '.gitignore', '.svn', '.bzr'}


def write(tree: Tree, name: str, version: str, to: Path) -> Path:
    """Write ``<name>_<version>.orig.tar.xz`` into the directory `to`.

    It holds ``nova/`` (nova's own tests only when a stock binary package shipped them), the egg-info, LICENSE and
    what else the stock package ships. Sorted, owned by root, without the times and modes of the machine: two trees
    with the same files give the same bytes.

    :param name: source package name.
    :param version: upstream version, as in the name of the file (no epoch, no revision).
    :raises BuildError: when the compressor fails (disk full, killed).
    """
    target = to / f'{name}_{version}.orig.tar.xz'
    with workplace.directory() as scratch, target.open('wb') as out:
        info = egginfo.ensure(tree, Path(scratch))
        compress(lambda stream: _fill(tree, info, f'{name}-{version}', stream), out)
    return target


def empty(target: Path) -> None:
    """Write a tarball without members."""
    with target.open('wb') as out:
        compress(lambda stream: tarfile.open(fileobj=stream, mode='w|', format=tarfile.GNU_FORMAT).close(), out)


def compress(fill: Callable[[BinaryIO], None], out: BinaryIO) -> None:
    """Have ``fill`` write into a pipe to xz, whose output goes to a file.

    :raises BuildError: xz cannot be run, or stopped before its end.
    """
    try:
        # Without the variables XZ_OPT and XZ_DEFAULTS.
        xz = subprocess.Popen(XZ, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE,
                              env={'PATH': os.environ['PATH'], 'LC_ALL': 'C.UTF-8'})
    except OSError as error:
        raise tools.cannot_run('xz', None, error) from None
    with xz:
        # An xz that has died says why; a broken pipe is only how we notice.
        with contextlib.suppress(BrokenPipeError):
            fill(cast(BinaryIO, xz.stdin))
            cast(BinaryIO, xz.stdin).flush()
        with contextlib.suppress(BrokenPipeError):
            cast(BinaryIO, xz.stdin).close()
        said = cast(BinaryIO, xz.stderr).read().decode(errors='replace').strip()
    if xz.returncode:
        raise BuildError(f'xz ended with {tools.status(xz.returncode)} while writing {out.name}'
                         + (f': {said}' if said else ''),
                         f'see that there is space (df -h {Path(out.name).parent}) and memory, then run it again')


def members(tree: Tree, info: Path) -> Iterator[tuple[str, Path]]:
    """(name inside the tarball, file on disk) of all that belongs into it, unsorted.

    :raises BuildError: a name would be carried out, or be taken for several.
    """
    for name, path in _members(tree, info):
        leads = str(path.readlink()) if path.is_symlink() else ''
        if not NAME.fullmatch(name) or not NAME.fullmatch(leads or name):
            link = f', a link to {leads!r}' if leads else ''
            raise BuildError(f'{tree.origin} has the file {name!r}{link}: rpmbuild or a shell would take that for more '
                             'than a name, and no nova has such a one',
                             'take it out of the source, or get the source again from where it was released')
        yield name, path


def _members(tree: Tree, info: Path) -> Iterator[tuple[str, Path]]:
    for path in tree.path.joinpath('nova').rglob('*'):
        inside = path.relative_to(tree.path)
        if _belongs(inside, tests=tree.stock is not None and bool(tree.stock.fields)):
            yield str(inside), path
    for path in info.rglob('*'):
        yield str(Path(info.name) / path.relative_to(info)), path
    if (tree.path / 'LICENSE').is_file():
        yield 'LICENSE', tree.path / 'LICENSE'
    yield from _beside_the_modules(tree)


def _belongs(inside: Path, tests: bool) -> bool:
    if inside.suffix in ('.pyc', '.pyo') or LEFT_OUT & set(inside.parts):
        return False
    return tests or inside.parts[:2] != ('nova', 'tests')


def _beside_the_modules(tree: Tree) -> Iterator[tuple[str, Path]]:
    """What a stock .deb ships outside its module directory and its documentation: Debian's bug-report hook."""
    if tree.stock is None or tree.stock.family != 'deb' or tree.path.name != 'dist-packages':
        return
    root = tree.path.parents[2]
    for path in (root / 'share').rglob('*'):
        inside = path.relative_to(root.parent)
        if path.is_file() and inside.parts[:3] not in (('usr', 'share', 'doc'), ('usr', 'share', 'lintian')):
            yield str(inside), path


def _fill(tree: Tree, info: Path, top: str, stream: BinaryIO) -> None:
    with tarfile.open(fileobj=stream, mode='w|', format=tarfile.GNU_FORMAT) as archive:
        for name, path in sorted(members(tree, info)):
            _add(archive, f'{top}/{name}', path)


def _add(archive: tarfile.TarFile, name: str, path: Path) -> None:
    member = archive.gettarinfo(path, name)
    if member.islnk():  # a file met before under another name; in here each name is a file of its own
        member.type, member.linkname, member.size = tarfile.REGTYPE, '', path.stat().st_size
    member.mtime = MTIME
    member.uid = member.gid = 0
    member.uname = member.gname = 'root'
    if not member.isfile():
        member.mode = 0o755
        archive.addfile(member)
        return
    with path.open('rb') as content:
        runs = member.mode & 0o111 and content.read(2) == b'#!'
        member.mode = 0o755 if runs else 0o644
        content.seek(0)
        archive.addfile(member, content)
