"""Sources: anything that contains a nova becomes a Tree."""

from __future__ import annotations

import configparser
import errno
import shutil
from pathlib import Path

from builder.common import git
from builder.common.errors import BuildError
from builder.common.files import sha256
from builder.common.model import Stock, Tree
from builder.source import cache, inspect, packaged, releases, stock, unpack, upstream

PACKAGES = {'.src.rpm': packaged.src_rpm, '.rpm': packaged.rpm, '.deb': packaged.deb, '.dsc': packaged.dsc}


def obtain(spec: str | None, work: Path, *, documents: bool = False) -> Tree:
    """The tree that a source stands for; nothing outside ``work`` and the cache of sources is written.

    :param spec: None for the library package that this host's package manager offers; the name of a release; or the
        path of a tarball, zip, directory, git checkout, .deb, .rpm, .dsc or .src.rpm.
    :param work: a directory of the caller's, made if it is not there; the tree may be in it.
    :param documents: with what a tarball holds besides the code; see ``unpack.tar``.
    :raises BuildError: there is no nova there, the source is damaged or cannot be had, or the disk is full.
    """
    try:
        (work / 'download').mkdir(parents=True, exist_ok=True)
        (work / 'tree').mkdir(exist_ok=True)
        return _obtain(spec, work, documents)
    except (ValueError, RuntimeError, configparser.Error) as error:  # of a decoder or parser, whichever met it
        raise BuildError(f'{spec or "the stock nova"} cannot be understood: {error}',
                         'get the source again from where it was released') from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BuildError(f'no space left while unpacking {spec or "the stock nova"} below {work}',
                             'free some space (100 MB are enough), or set TMPDIR to a larger disk') from error
        raise BuildError(f'{error.filename or spec}: {error.strerror}', 'check the path and its permissions') from error


def _obtain(spec: str | None, work: Path, documents: bool) -> Tree:
    if spec is None:
        return _archive(stock.download(work / 'download'), work / 'tree', documents)
    path = Path(spec)
    if path.is_dir():
        return _directory(path)
    if path.is_file():
        return _archive(path, work / 'tree', documents)
    if path.exists():
        raise BuildError(f'{path} is neither a file nor a directory', 'save it as a file, and give its path')
    if '://' in spec:
        raise BuildError(f'{spec} is an address, and a source is a file or a directory', 'download it (curl -LO, git '
                         'clone), compare it with what its publisher says of it, and give its path')
    if not releases.looks_like_release(spec) or spec.endswith((*PACKAGES, *cache.ARCHIVES)):
        raise BuildError(f'there is no file {spec}', 'check the path')
    return _archive(upstream.tarball(releases.find(spec), work / 'download'), work / 'tree', documents)


def _archive(path: Path, to: Path, documents: bool) -> Tree:
    package = next((PACKAGES[suffix] for suffix in PACKAGES if path.name.endswith(suffix)), None)
    found: Stock | None = None
    if package:
        found = package(path, to)
    elif path.suffix == '.zip':
        unpack.zipped(path, to)
    else:
        unpack.tar(path, to, documents=documents)
    _forget_history(inspect.find_nova(to, str(path)) / '.git')
    digest = sha256(path)
    return _tree(to, f'{path} (sha256 {digest})', found, f', sha256 {digest}')


def _forget_history(repository: Path) -> None:
    """Whose history it was, nobody can tell of a copy; one made to do harm leads to a repository of this machine's."""
    if repository.is_dir() and not repository.is_symlink():
        shutil.rmtree(repository)
    else:
        repository.unlink(missing_ok=True)


def _directory(path: Path) -> Tree:
    return _tree(path, f'{path}{_commit(path)}', None)


def _commit(path: Path) -> str:
    head = git.ask(path, 'rev-parse', 'HEAD')
    return f' (commit {head})' if head else ''


def _tree(root: Path, origin: str, found: Stock | None, digest: str = '') -> Tree:
    path = inspect.find_nova(root, origin)
    version = inspect.version_of(path, origin, packaged.upstream_version(found.version) if found else '')
    if found:
        return Tree(path, version, origin, inspect.egg_info(path), found,
                    made_of=f'{found.name} {found.version}{digest}')
    tree = inspect.tree_id(path / 'nova').hex()
    return Tree(path, version, origin, inspect.egg_info(path), None, inspect.modified(tree, version),
                made_of=inspect.identity(tree, version))
