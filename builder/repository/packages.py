"""Reads the packages that are to be published: what each is, and which suite it belongs to."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from builder import tools
from builder.errors import BuildError
from builder.repository import suites

SUFFIXES = ('.deb', '.dsc', '.rpm')
DEB_QUERY = '${Package}\t${Version}\t${Architecture}\t${source:Package}'
RPM_QUERY = ('%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t'
             '%|SOURCERPM?{%{ARCH}\t%{SOURCERPM}}:{source\t-}|\t[%{DIRNAMES} ]\n')


@dataclass(frozen=True)
class Package:
    """A file that was handed in.

    :param parts: itself first, then the files that a .dsc names.
    :param source: name of the source package (deb) or of the source rpm.
    :param suites: the stable suites it belongs to.
    """

    family: str
    name: str
    version: str
    arch: str
    source: str
    parts: tuple[Path, ...]
    suites: tuple[str, ...]

    @property
    def path(self) -> Path:
        return self.parts[0]


def collect(given: Iterable[Path], suite: str | None) -> list[Package]:
    """Every package among the files and directories, the tree of a repository left out.

    :param suite: put all of them there, whatever their versions say.
    :raises BuildError: nothing was found, or a file cannot be read.
    """
    paths = sorted({path for start in given for path in found(start)}, key=lambda path: path.name)
    if not paths:
        raise BuildError(f'no .deb, .dsc or .rpm in {", ".join(map(str, given))}',
                         './build.sh SOURCE makes packages; then run the same command again')
    debs = [deb(path) if path.suffix == '.deb' else dsc(path) for path in paths if path.suffix != '.rpm']
    made = debs + rpms([path for path in paths if path.suffix == '.rpm'])
    return [Package(**{**vars(package), 'suites': (suite,)}) for package in made] if suite else made


def found(start: Path) -> list[Path]:
    if start.is_file() and start.suffix in SUFFIXES:
        return [start.resolve()]
    if not start.is_dir():
        raise BuildError(f'{start} is no package and no directory of packages', 'name .deb, .dsc or .rpm files')
    inside = [start.resolve()] + [path.resolve() for path in start.iterdir() if path.is_dir() and path.name[0] != '.'
                                  and not (path / 'state.json').exists()]
    return [path for folder in inside for path in folder.iterdir() if path.is_file() and path.suffix in SUFFIXES]


def deb(path: Path) -> Package:
    shown = tools.run(['dpkg-deb', '--show', '--showformat', DEB_QUERY, path], hint='build the package again')
    name, version, arch, source = shown.split('\t')
    return Package('deb', name, version, arch, source, (path,), (suites.of_deb(version),))


def dsc(path: Path) -> Package:
    text = path.read_text(encoding='utf-8')
    fields = dict(re.findall(r'^(Source|Version): *(\S+)', text, re.M))
    listed = re.search(r'^Checksums-Sha256:((?:\n .*)+)', text, re.M)
    if len(fields) < 2 or not listed:
        raise BuildError(f'{path} is no complete .dsc file', 'build the source package again')
    parts = [line.split() for line in listed[1].strip().splitlines()]
    for digest, _, name in parts:
        part = path.parent / name
        if not part.is_file() or sha256(part) != digest:
            raise BuildError(f'{part}, which {path.name} names, is missing or another file',
                             'build the source package again')
    return Package('deb', fields['Source'], fields['Version'], 'source', fields['Source'],
                   (path, *(path.parent / name for _, _, name in parts)), (suites.of_deb(fields['Version']),))


def rpms(paths: list[Path]) -> list[Package]:
    """A source rpm goes where the packages made from it go; alone, its release must say where."""
    rows = described(paths)
    homes: dict[str, set[str]] = {}
    for _, version, arch, source, folders in rows:
        if arch != 'source':
            homes.setdefault(source, set()).add(suites.of_rpm(version, python_of(folders)))
    made = []
    for path, (name, version, arch, source, _) in zip(paths, rows):
        origin = path.name if arch == 'source' else source
        found = homes.get(origin, {suites.of_rpm(version, '')})
        made.append(Package('rpm', name, version, arch, source, (path,), tuple(sorted(found))))
    return made


def described(paths: list[Path]) -> list[list[str]]:
    if not paths:
        return []
    shown = tools.run(['rpm', '-qp', '--nosignature', '--qf', RPM_QUERY, *paths], hint='build the packages again')
    return [line.split('\t') for line in shown.splitlines()]


def python_of(folders: str) -> str:
    seen = re.search(r'/python(\d+\.\d+)/site-packages', folders)
    return seen[1] if seen else ''


def content_of(path: Path) -> str:
    """What identifies a package's content: of an rpm, the digest that a signature does not change."""
    if path.suffix != '.rpm':
        return sha256(path)
    return subprocess.run(['rpm', '-qp', '--nosignature', '--qf', '%{SHA256HEADER}', path], capture_output=True,
                          text=True, check=True).stdout


def sha256(path: Path) -> str:
    with path.open('rb') as stream:
        digest = hashlib.sha256()
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
