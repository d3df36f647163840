"""Finds nova in an unpacked source, and tells its version and whether it is what upstream released."""

from __future__ import annotations

import configparser
import hashlib
import os
import re
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path

from builder.common import git
from builder.common.errors import BuildError
from builder.source import releases

DEPTH = 6  # usr/lib/python3/dist-packages/nova is five down


def find_nova(root: Path, origin: str) -> Path:
    """The directory that holds ``nova/``, at the top of the source or as far down as packages put it.

    :raises BuildError: there is none, or several at the same depth.
    """
    level = [root]
    for _ in range(DEPTH):
        found = [path for path in level if is_nova(path / 'nova')]
        if len(found) > 1:
            raise BuildError(f'{origin} holds several novas: {", ".join(map(str, found))}', 'name one of them')
        if found:
            return found[0]
        level = [child for path in level for child in _directories(path)]
    raise BuildError(f'{origin} holds no nova: no directory nova/ with the Instance object in it',
                     'give the library package (python3-nova, python-nova), a release tarball or a checkout')


def is_nova(path: Path) -> bool:
    return (path / '__init__.py').is_file() and (path / 'objects' / 'instance.py').is_file()


def _directories(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_dir() and not child.is_symlink()
                  and not child.name.startswith('.'))


def egg_info(path: Path) -> Path | None:
    """The metadata directory of nova (``.egg-info`` or ``.dist-info``) beside nova/, if it came with one."""
    found = [*sorted(path.glob('nova*.egg-info')), *sorted(path.glob('nova-*.dist-info'))]
    return next((directory for directory in found if directory.is_dir()), None)


def version_of(path: Path, origin: str, package_version: str = '') -> str:
    """Nova's own version, from its metadata, its package, its tag, or its directory's name.

    :param package_version: the upstream part of the package's version, when it came as one.
    :raises BuildError: nothing tells it.
    """
    for version in _versions(path, package_version):
        if version:
            return _plain_version(version, origin)
    raise BuildError(f'{origin} does not tell its version: no PKG-INFO, no version in setup.cfg, no tag',
                     'call its directory nova-VERSION, e.g. nova-2014.1.5')


def _plain_version(version: str, origin: str) -> str:
    """It ends in file names, in specs and in scripts."""
    if not re.fullmatch(r'[0-9][A-Za-z0-9.+~_-]*', version):
        raise BuildError(f'{origin} calls itself nova {version!r}, which is no version',
                         'get the source again from where it was released')
    return version


def _versions(path: Path, package_version: str) -> Iterator[str]:
    for metadata in [path / 'PKG-INFO', *sorted(path.glob('nova*.egg-info/PKG-INFO')),
                     *sorted(path.glob('nova-*.dist-info/METADATA'))]:
        if metadata.is_file():
            yield HeaderParser().parsestr(metadata.read_text(errors='replace')).get('Version', '')
    yield package_version
    yield _tag(path)
    named = re.match(r'nova-(\d[\w.]*)$', path.resolve().name)
    yield named[1] if named else ''
    yield _setup_cfg(path / 'setup.cfg')


def _setup_cfg(path: Path) -> str:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(path)
    return parser.get('metadata', 'version', fallback='')


def _tag(path: Path) -> str:
    return re.sub(r'-(\d+)-g[0-9a-f]+$', r'.dev\1', git.ask(path, 'describe', '--tags', '--match', '[0-9]*') or '')


def modified(tree: str, version: str) -> str:
    """Why nova/ is not what upstream released as this version; '' when it is, or when nothing is pinned for it.

    :param tree: the tree_id of nova/, in hexadecimal digits.
    """
    pin = releases.table().get(version)
    if pin is None or not pin.tree or tree == pin.tree:
        return ''
    return f'nova/ is not what was released as {version} (git tree {tree[:12]}, released: {pin.tree[:12]})'


def identity(tree: str, version: str) -> str:
    """What tells this nova from any other: the release that it is, or the id of its content."""
    pin = releases.table().get(version)
    if pin and pin.commit and pin.tree == tree:
        return f'nova {version} as released, commit {pin.commit}'
    return f'nova {version}, git tree {tree}'


def tree_id(directory: Path) -> bytes:
    """The id git gives a directory (``git write-tree``): independent of how it was packed.

    Links count as what they lead to, since source distributions follow them; bytecode does not count.
    """
    entries = []
    for entry in os.scandir(directory):
        if entry.name == '__pycache__' or entry.name.endswith(('.pyc', '.pyo')):
            continue
        mode, content = _entry(entry)
        if content:
            name = os.fsencode(entry.name)
            entries.append((name + b'/' * (mode == b'40000'), mode, name, content))
    body = b''.join(mode + b' ' + name + b'\0' + content for _, mode, name, content in sorted(entries))
    return _object(b'tree', body) if body else b''


def _entry(entry: os.DirEntry) -> tuple[bytes, bytes]:
    if entry.is_dir():
        return b'40000', tree_id(Path(entry.path))
    executable = entry.stat().st_mode & 0o100
    return b'100755' if executable else b'100644', _object(b'blob', Path(entry.path).read_bytes())


def _object(kind: bytes, body: bytes) -> bytes:
    return hashlib.sha1(kind + b' %d\0' % len(body) + body).digest()
