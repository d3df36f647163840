"""Reads the packages that are to be published: what each is, and which suite it belongs to."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from builder.common import deb822, rpmquery
from builder.common.errors import BuildError, tail
from builder.common.files import sha256
from builder.package.standin import ASSUMED
from builder.repository import isolated, ownership, pypi, pythonfiles, targets
from builder.repository.targets import Home

SUFFIXES = ('.deb', '.dsc', '.rpm')
STOCK = ('python3-nova', 'python2-nova', 'python-nova')
DEB_QUERY = '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Provides}'
RPM_QUERY = ('%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t'
             '%|SOURCERPM?{%{ARCH}\t%{SOURCERPM}}:{source\t-}|\t[%{DIRNAMES} ]\t'
             '[%{PROVIDES} (= %{PROVIDEVERSION}), ]\n')
# They become paths of the tree, lines of SHA256SUMS and words of a shell line.
NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+-]*')
VERSION = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+~:^-]*')
FILE = re.compile(r'[A-Za-z0-9][A-Za-z0-9._+~:%^-]*')


@dataclass(frozen=True)
class Package:
    """A file that was handed in.

    :param parts: itself first, then the files that a .dsc names.
    :param source: name of the source package (deb) or of the source rpm.
    :param homes: the stable suites it belongs to.
    :param stock: name and version of the stock package it stands in for, '' for none.
    :param guessed: nobody has seen that stock package.
    """

    family: str
    name: str
    version: str
    arch: str
    source: str
    parts: tuple[Path, ...]
    homes: tuple[Home, ...]
    stock: str = ''
    guessed: bool = False

    def __post_init__(self) -> None:
        fits = NAME.fullmatch(self.name) and NAME.fullmatch(self.source.rpartition('/')[2]) and '/' not in self.source
        if not (fits or self.family == 'rpm') or not VERSION.fullmatch(self.version) \
                or not all(FILE.fullmatch(part.name) for part in self.parts):
            raise BuildError(f'{self.path} has an odd name or version: {self.name!r} {self.version!r}',
                             'build the package again; a file name has letters, digits and . _ + ~ : - only')

    @property
    def path(self) -> Path:
        return self.parts[0]


def collect(given: Iterable[Path], suite: str | None, *, named: bool = True) -> list[Package]:
    """Every package among the files and directories, the tree of a repository left out.

    :param suite: put all of them there, whatever their versions say.
    :param named: a person has named them, and so knows whose a directory is.
    :raises BuildError: nothing was found, a file cannot be read, or others can put one into a directory.
    """
    paths = sorted({path for start in given for path in found(start, named)}, key=lambda path: path.name)
    if not paths:
        raise BuildError(f'no .deb, .dsc, .rpm, wheel or sdist in {", ".join(map(str, given))}',
                         './build.sh SOURCE makes packages; then run the same command again')
    home = Home(suite) if suite else None
    binaries = [deb(path, home) for path in paths if path.suffix == '.deb']
    assumed = {(package.source, package.version) for package in binaries if package.guessed}
    sources = [dsc(path, home, assumed) for path in paths if path.suffix == '.dsc']
    return binaries + sources + rpms([path for path in paths if path.suffix == '.rpm'], home) + [
        python_file(path) for path in paths if pythonfiles.is_one(path)]


def found(start: Path, named: bool = True) -> list[Path]:
    if start.is_file() and is_package(start):
        return [start.resolve()]
    if not start.is_dir():
        raise BuildError(f'{start} is no package and no directory of packages',
                         'name .deb, .dsc and .rpm files, wheels and sdists')
    inside = [start] + [path for path in start.iterdir() if path.is_dir() and path.name[0] != '.'
                        and not (path / 'state.json').exists()]
    packages = [path for folder in inside for path in folder.iterdir() if path.is_file() and is_package(path)]
    ownership.refuse_open_input(start, packages, {start.stat().st_uid} if named else set())
    return [path.parent.resolve() / path.name for path in packages]


def is_package(path: Path) -> bool:
    return path.suffix in SUFFIXES or pythonfiles.is_one(path)


def python_file(path: Path) -> Package:
    """Of whatever release: one index has them all."""
    version, full, kind = pythonfiles.described(path)
    return Package(pypi.FAMILY, pypi.PROJECT, full, kind, pypi.PROJECT, (path,), (Home(pypi.FAMILY),),
                   f'{pypi.PROJECT} {version}')


def deb(path: Path, home: Home | None) -> Package:
    shown = isolated.run(['dpkg-deb', '--show', '--showformat', DEB_QUERY, path], hint='build the package again')
    name, version, arch, source, provides = shown.split('\t')
    stock, guessed = stands_in(provides)
    return Package('deb', name, version, arch, source, (path,), (home or targets.of_deb(version, guessed),), stock,
                   guessed)


def stock_of(path: Path) -> tuple[str, bool]:
    """As ``stands_in``, of a package file."""
    if path.suffix == '.rpm':
        return stands_in(described([path])[0][5])
    return stands_in(isolated.run(['dpkg-deb', '--field', path, 'Provides']))


def stands_in(provides: str) -> tuple[str, bool]:
    """Which stock package a fork stands in for, by its Provides: ``python3-nova 2:26.2.2-1``; and was it guessed?"""
    exact = re.findall(r'(?:^|[ ,])(' + '|'.join(STOCK) + r') \(= ([^()\s]+)\)', provides)
    return ' '.join(exact[0]) if exact else '', ASSUMED in provides


def dsc(path: Path, home: Home | None, assumed: set[tuple[str, str]]) -> Package:
    """A source package goes where those made from it go.

    :param assumed: source and version of the packages whose stock version was guessed.
    """
    fields = deb822.fields(path.read_text(encoding='utf-8', errors='replace'))
    if not all(fields.get(name) for name in ('Source', 'Version', 'Checksums-Sha256')):
        raise BuildError(f'{path} is no complete .dsc file', 'build the source package again')
    parts = [line.split() for line in fields['Checksums-Sha256'].splitlines()]
    for digest, _, name in (part if len(part) == 3 else ('', '', '/') for part in parts):
        part = path.parent / name
        if '/' in name or not part.is_file() or sha256(part) != digest:
            raise BuildError(f'{part}, which {path.name} names, is missing or another file',
                             'build the source package again')
    name, version = fields['Source'], fields['Version']
    return Package('deb', name, version, 'source', name, (path, *(path.parent / part for _, _, part in parts)),
                   (home or targets.of_deb(version, (name, version) in assumed),))


def rpms(paths: list[Path], home: Home | None) -> list[Package]:
    """A source rpm goes where the packages made from it go; alone, its release must say where."""
    rpmquery.refuse_damaged(paths, 'build the packages again', isolated.environment())
    rows = described(paths)
    homes: dict[str, set[Home]] = {}
    for _, version, arch, source, folders, provides in rows:
        if arch != 'source':
            homes.setdefault(source, set()).add(
                home or targets.of_rpm(version, python_of(folders), stands_in(provides)[1]))
    made = []
    for path, (name, version, arch, source, _, provides) in zip(paths, rows):
        origin = path.name if arch == 'source' else source
        at = homes[origin] if origin in homes else {home or targets.of_rpm(version, '')}
        stock, guessed = stands_in(provides) if arch != 'source' else ('', False)
        made.append(Package('rpm', name, version, arch, source, (path,), tuple(sorted(at)), stock, guessed))
    return made


def described(paths: list[Path]) -> list[list[str]]:
    shown = rpmquery.query(RPM_QUERY, paths, run=isolated.run, hint='build the packages again')
    return [line.split('\t') for line in shown.splitlines()]


def python_of(folders: str) -> str:
    seen = re.search(r'/python(\d+\.\d+)/site-packages', folders)
    return seen[1] if seen else ''


def refuse_damaged(path: Path) -> None:
    """What is damaged further on than where it says what it is; ``deb`` has read a control part, and ``rpms`` all.

    :raises BuildError: hosts could not unpack it, and would find out in the middle of their run.
    """
    if pythonfiles.is_one(path):
        pythonfiles.refuse_damaged(path)
    if path.suffix == '.deb':
        done = subprocess.run(['dpkg-deb', '--fsys-tarfile', path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              encoding='utf-8', errors='replace', env=isolated.environment())
        if done.returncode:
            raise BuildError(f'{path} is damaged:\n{tail(done.stderr)}', 'build the package again')


def content_of(path: Path) -> str:
    """What identifies a package's content: of an rpm, the digest that a signature does not change.

    The header holds the digest of the payload, which `rpmquery.refuse_damaged` looks at. rpm before 4.14 wrote none.
    """
    header = rpmquery.query('%|SHA256HEADER?{%{SHA256HEADER}}:{}|', [path], run=isolated.run) \
        if path.suffix == '.rpm' else ''
    return header or sha256(path)
