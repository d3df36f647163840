"""Reads the wheels and sdists that are to be published."""

from __future__ import annotations

import gzip
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import HeaderParser
from pathlib import Path

from builder.common.errors import BuildError
from builder.package.sdist import metadata, wheel
from builder.package.sdist.metadata import Claim

SDIST = re.compile(r'nova-\d[^-/]*\.tar\.gz')
LARGEST = 1 << 20  # bytes; nova's have 10,000


def is_one(path: Path) -> bool:
    """By its name: a wheel, or an sdist of nova."""
    return path.suffix == '.whl' or SDIST.fullmatch(path.name) is not None


def described(path: Path) -> tuple[str, str, str]:
    """nova's version, the version with the build tag (``26.3.0-1cascading2``), and ``any`` or ``source``.

    :raises BuildError: it is damaged, or none that `./build.sh sdist` made.
    """
    said, version = claim(path), str(HeaderParser().parsestr(read(path))['Version'])
    tag = wheel.tag(int(said.revision), said.made_by)
    start = f'nova-{version}-{tag}-' if path.suffix == '.whl' else f'nova-{version}.tar.gz'
    if not path.name.startswith(start):
        raise BuildError(f'{path} should be called {start}…', 'give it back the name that ./build.sh sdist gave it')
    return version, f'{version}-{tag}', 'any' if path.suffix == '.whl' else 'source'


def claim(path: Path) -> Claim:
    """What it says of itself.

    :raises BuildError: as ``described``.
    """
    said = metadata.claim(read(path))
    if said is None:
        raise BuildError(f'{path} does not say that it is a fork of nova', 'take what ./build.sh sdist makes')
    return said


def read(path: Path) -> str:
    """Its METADATA or PKG-INFO.

    :raises BuildError: it has none.
    """
    with refused(path):
        return _read(path)


def refuse_damaged(path: Path) -> None:
    """
    :raises BuildError: something in it is not what its checksum says, or its end is missing.
    """
    with refused(path):
        if path.suffix == '.whl':
            with zipfile.ZipFile(path) as archive:
                if bad := archive.testzip():
                    raise ValueError(f'{bad} is not what its checksum says')
        else:
            with gzip.open(path) as stream:
                while stream.read(1 << 20):
                    pass


@contextmanager
def refused(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, StopIteration, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise BuildError(f'{path} is damaged, or no wheel or sdist of nova: {error}', 'build it again') from error


def _read(path: Path) -> str:
    if path.suffix == '.whl':
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if re.fullmatch(r'nova-[^/]+\.dist-info/METADATA', name))
            if archive.getinfo(name).file_size > LARGEST:
                raise ValueError(f'{name} is too large')
            return archive.read(name).decode()
    with tarfile.open(path) as archive:
        for member in archive:
            if re.fullmatch(r'nova-[^/]+/PKG-INFO', member.name) and member.isfile() and member.size <= LARGEST:
                return archive.extractfile(member).read().decode()  # type: ignore[union-attr]
    raise ValueError('it has no PKG-INFO')
