"""Unpacks archives without letting them write, or link, outside the directory they are unpacked to."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tarfile
import zipfile
import zlib
from lzma import LZMAError
from pathlib import Path
from typing import Any, BinaryIO, Callable

from builder.common import tools
from builder.common.errors import BuildError

# What Python's readers raise for archives that are damaged, encrypted, or made to be misread.
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, LZMAError, struct.error, ValueError,
           RuntimeError)
LARGEST = 4 << 30  # bytes; the largest nova with all its documents has a twentieth of that
MOST = 500_000  # members
DOCUMENTS = [['doc'], ['releasenotes'], ['api-guide'], ['api-ref']]


def tar(archive: Path, to: Path, *, documents: bool = False) -> None:
    """Unpack a tar archive, compressed or not, into an existing directory.

    :param documents: with doc/, release notes and the like, which are half of a release's files.
    :raises BuildError: it is damaged, or has a path or link that leads out of it.
    """
    try:
        with tarfile.open(archive) as stream:
            Extraction(stream, to, archive, documents=documents).run()
            _drain(stream.fileobj)
    except DAMAGED as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        if error.errno is None:  # gzip and bz2 say so of damaged data
            raise _damaged(archive, error) from error
        raise


def zipped(archive: Path, to: Path) -> None:
    """Unpack a zip archive; see ``tar``."""
    try:
        with zipfile.ZipFile(archive) as stream:
            for info in stream.infolist():
                _plain(info.filename, archive)
            if sum(info.file_size for info in stream.infolist()) > LARGEST or len(stream.infolist()) > MOST:
                raise _too_large(archive)
            for info in stream.infolist():
                path = Path(stream.extract(info, to))
                if not info.is_dir():
                    path.chmod(0o755 if info.external_attr >> 16 & 0o100 else 0o644)
    except DAMAGED as error:
        raise _damaged(archive, error) from error


def package(command: list[str], archive: Path, to: Path) -> None:
    """Unpack the tar stream that a command makes of a binary package given on its standard input.

    Absolute links are left out: they are about the installed system.
    """
    with archive.open('rb') as stdin, started(command, stdin) as process:
        problem: object = ''
        try:
            with tarfile.open(fileobj=process.stdout, mode='r|*') as stream:
                Extraction(stream, to, archive, skip=lambda link: link.startswith('/')).run()
            _drain(process.stdout)
        except DAMAGED as error:
            problem = error
        finally:
            process.stdout.close()  # type: ignore[union-attr]
        complaint = process.stderr.read().decode(errors='replace').strip()  # type: ignore[union-attr]
    if problem or process.returncode:
        raise _damaged(archive, complaint or problem or f'{command[0]} failed')


def started(command: list[str], stdin: BinaryIO) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=tools.environment(command[0]))
    except OSError as error:
        raise tools.cannot_run(command[0], None, error) from None


class Extraction:
    """Writes the members of a tar archive: files, directories and links; owners and devices mean nothing here."""

    def __init__(self, stream: tarfile.TarFile, to: Path, archive: Path,
                 skip: Callable[[str], bool] = lambda link: False, documents: bool = False) -> None:
        self.stream, self.root, self.archive, self.skip = stream, to.resolve(), archive, skip
        self.documents = documents
        self.safe: set[Path] = set()
        self.links: dict[Path, str] = {}
        self.bytes = self.members = 0

    def run(self) -> None:
        """Unpack all.

        :raises BuildError: it leads out of its directory, or is too large.
        """
        for member in self.stream:
            self._count(member)
            _plain(member.name, self.archive)
            if member.name == '.' or not self.documents and _is_document(member.name):
                continue
            path = self.root / member.name
            self._safe_parent(path.parent, member.name)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if member.isfile():
                self._file(member, path)
            elif member.issym() and not self.skip(member.linkname):
                self._inside(path.parent / member.linkname, f'{member.name} -> {member.linkname}')
                path.symlink_to(member.linkname)
                self.links[path] = f'{member.name} -> {member.linkname}'
                self.safe.clear()
            elif member.islnk():
                self._hard_link(member, path)
        for link, name in self.links.items():  # where it leads may have changed with what was unpacked after it
            self._inside(link, name)

    def _count(self, member: tarfile.TarInfo) -> None:
        self.members += 1
        self.bytes += member.size
        if self.bytes > LARGEST or self.members > MOST:
            raise _too_large(self.archive)

    def _hard_link(self, member: tarfile.TarInfo, path: Path) -> None:
        _plain(member.linkname, self.archive)
        source = self.root / member.linkname
        self._inside(source, f'{member.name} -> {member.linkname}')
        if path.is_symlink():
            raise _leads_out(self.archive, member.name)
        if not source.is_file():
            raise _damaged(self.archive, f'{member.name!r} is a link to {member.linkname!r}, which is no file in it')
        shutil.copy2(source, path)

    def _file(self, member: tarfile.TarInfo, path: Path) -> None:
        if path.is_symlink():
            raise _leads_out(self.archive, member.name)
        with self.stream.extractfile(member) as content, path.open('wb') as out:  # type: ignore[union-attr]
            shutil.copyfileobj(content, out)
        path.chmod(0o755 if member.mode & 0o100 else 0o644)

    def _safe_parent(self, parent: Path, name: str) -> None:
        if parent not in self.safe:
            self._inside(parent, name)
            self.safe.add(parent)

    def _inside(self, path: Path, name: str) -> None:
        resolved = path.resolve()  # of a link to itself: RuntimeError, or in later Pythons itself
        if resolved != self.root and self.root not in resolved.parents:
            raise _leads_out(self.archive, name)


def _drain(stream: Any) -> None:
    """Read to the end: checksums stand there, and a pipe's writer must not be cut off."""
    while stream.read(1 << 16):
        pass


def _is_document(name: str) -> bool:
    """Of no use to a package of nova's library."""
    return name.strip('./').split('/')[1:2] in DOCUMENTS


def _plain(name: str, archive: Path) -> None:
    if name.startswith('/') or '..' in name.split('/'):
        raise _leads_out(archive, name)


def _too_large(archive: Path) -> BuildError:
    return BuildError(f'{archive} unpacks to more than {LARGEST >> 30} GiB, or to more than {MOST} files: no nova does',
                      'get the source again from where it was released')


def _leads_out(archive: Path, name: str) -> BuildError:
    return BuildError(f'{archive} has an entry that leads out of it: {name!r}; nothing of it is used',
                      'get the source again from where it was released')


def _damaged(archive: Path, why: object) -> BuildError:
    return BuildError(f'{archive} is damaged or not the archive its name says: {why}',
                      'get it again, and compare its sha256 with the released one')
