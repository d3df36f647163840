"""What the repository tests are made of: small packages, a GnuPG home, and ./build.sh's repository commands."""

from __future__ import annotations

import functools
import gzip
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from builder.common.project import PROJECT
from builder.repository import keys

UBUNTU = '1:2014.1.5-0ubuntu1+cascading{0}'
EL7 = '1.el7.cascading{0}'
SAID = 'x; forked by nova-cascading 2, revision {0}, from nova 26.3.0, git tree 0123'
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
URL = 'http://mirror.example.org/nc'


def deb(folder: Path, revision: int, content: str = '') -> Path:
    """A python-nova-cascading for Ubuntu 14.04's nova."""
    return any_deb(folder, 'python-nova-cascading', UBUNTU.format(revision), content)


def any_deb(folder: Path, name: str, version: str, content: str = '', fields: str = '') -> Path:
    """
    :param fields: more lines for the control file, each with its end.
    """
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / 'root'
        (root / 'DEBIAN').mkdir(parents=True)
        (root / 'DEBIAN/control').write_text(
            f'Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Test <test@example.org>\n'
            f'Section: net\nPriority: optional\n{fields}Description: a package\n of the tests\n')
        doc = root / 'usr/share/doc' / name
        doc.mkdir(parents=True)
        (doc / 'version').write_text(f'{version}{content}\n')
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(['dpkg-deb', '--root-owner-group', '-Zgzip', '-b', root, folder], check=True,
                       capture_output=True)
    return folder / f'{name}_{version.partition(":")[2] or version}_all.deb'


def source(folder: Path, revision: int) -> Path:
    """The .dsc of a source package of the same, with its parts."""
    version = UBUNTU.format(revision)
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / 'python-nova-cascading'
        (root / 'debian/source').mkdir(parents=True)
        tarball = Path(work) / 'python-nova-cascading_2014.1.5.orig.tar.gz'
        # Revisions of one release share it, so it must be the same each time.
        tarball.write_bytes(gzip.compress(b'\0' * 10240, mtime=0))
        (root / 'debian/source/format').write_text('3.0 (quilt)\n')
        (root / 'debian/changelog').write_text(
            f'python-nova-cascading ({version}) trusty; urgency=low\n\n  * Test.\n\n'
            ' -- Test <test@example.org>  Thu, 01 Jan 2015 00:00:00 +0000\n')
        (root / 'debian/control').write_text(
            'Source: python-nova-cascading\nMaintainer: Test <test@example.org>\nSection: net\nPriority: optional\n\n'
            'Package: python-nova-cascading\nArchitecture: all\nDescription: a package\n of the tests\n')
        subprocess.run(['dpkg-source', '-b', root], cwd=work, check=True, capture_output=True)
        folder.mkdir(parents=True, exist_ok=True)
        for path in Path(work).iterdir():
            if path.is_file():
                shutil.copy(path, folder)
    return next(folder.glob(f'*cascading{revision}.dsc'))


def rpms(folder: Path, revision: int) -> list[Path]:
    """Binary and source rpm of a python-nova-cascading for EL7."""
    release = EL7.format(revision)
    with tempfile.TemporaryDirectory() as work:
        spec = Path(work) / 'package.spec'
        spec.write_text(
            f'%global _binary_payload w6.gzdio\nName: python-nova-cascading\nVersion: 2014.1.5\nRelease: {release}\n'
            'Summary: a package of the tests\nLicense: Apache-2.0\nBuildArch: noarch\n%description\nA package.\n'
            '%install\nmkdir -p %{buildroot}/usr/share/nova-cascading\n'
            f'echo {release} >%{{buildroot}}/usr/share/nova-cascading/version\n%files\n/usr/share/nova-cascading\n')
        # _rpmformat: as our packages are; rpm 6 makes others by itself.
        subprocess.run(['rpmbuild', '-ba', '--quiet', '--define', f'_topdir {work}', '--define', '_rpmformat 4', spec],
                       check=True, capture_output=True, env={'PATH': PATH, 'HOME': work})
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copy(path, folder)) for path in sorted(Path(work).rglob('*.rpm'))]


def metadata(version: str, summary: str) -> bytes:
    return f'Metadata-Version: 2.1\nName: nova\nVersion: {version}\nSummary: {summary}\n'.encode()


def wheel(folder: Path, revision: int, version: str = '26.3.0', summary: str = SAID) -> Path:
    """A wheel that pip installs; its only module tells the revision."""
    path = folder / f'nova-{version}-{revision}cascading2-py3-none-any.whl'
    folder.mkdir(parents=True, exist_ok=True)
    info = f'nova-{version}.dist-info'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('nova/__init__.py', f'revision = {revision}\n')
        archive.writestr(f'{info}/METADATA', metadata(version, summary.format(revision)))
        archive.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        archive.writestr(f'{info}/RECORD', '')
    return path


def sdist(folder: Path, revision: int, version: str = '26.3.0') -> Path:
    """An sdist of the same; those of all revisions have one name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'nova-{version}.tar.gz'
    with tarfile.open(path, 'w:gz') as archive:
        data = metadata(version, SAID.format(revision))
        info = tarfile.TarInfo(f'nova-{version}/PKG-INFO')
        info.size = len(data)
        archive.addfile(info, BytesIO(data))
    return path


@contextmanager
def gnupg() -> Iterator[Path]:
    """An empty GnuPG home; its agent ends with it."""
    # Short: the agent's socket lies in it.
    with tempfile.TemporaryDirectory(prefix='gpg-', dir='/tmp') as home:
        try:
            yield Path(home)
        finally:
            subprocess.run(['gpgconf', '--kill', 'all'], env={'PATH': PATH, 'GNUPGHOME': home})


@contextmanager
def signer() -> Iterator[Path]:
    """A GnuPG home with a key such as publish would make; it is the same key for all that a process asks for."""
    with gnupg() as home:
        for path, content in _key().items():
            (home / path).parent.mkdir(mode=0o700, exist_ok=True)
            (home / path).write_bytes(content)
        yield home


@functools.cache
def _key() -> dict[str, bytes]:
    """The files of such a home: making a key takes seconds, and only what publish makes itself has to be new."""
    with gnupg() as home:
        make_key(home, keys.OWNER)
        return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob('*') if path.is_file()}


def gpg(home: Path, *words: object) -> str:
    """What GnuPG prints, with the keys of a home."""
    return subprocess.run(['gpg', '--batch', *map(str, words)], env={'PATH': PATH, 'GNUPGHOME': str(home)}, check=True,
                          capture_output=True, text=True).stdout


def make_key(home: Path, owner: str, expires: str = '5y') -> str:
    """:returns: the fingerprint of a new signing key."""
    gpg(home, '--quiet', '--passphrase', '', '--quick-generate-key', owner, 'rsa3072', 'sign', expires)
    return fingerprint(home, owner)


def fingerprint(home: Path, owner: str = keys.OWNER) -> str:
    listed = gpg(home, '--with-colons', '--list-keys', f'={owner}')
    return next(line.split(':')[9] for line in listed.splitlines() if line.startswith('fpr'))


class Publisher:
    """A repository, and the commands that change it.

    :param home: GnuPG home.
    """

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.home = home

    def command(self, name: str, *words: object) -> list[str]:
        return [str(PROJECT / 'build.sh'), name, '--to', str(self.root), *map(str, words)]

    def environment(self, **more: str) -> dict[str, str]:
        return {**os.environ, 'GNUPGHOME': str(self.home), **more}

    def __call__(self, name: str, *words: object, check: bool = True, **more: str) -> subprocess.CompletedProcess:
        """Run a command; what it printed, errors included, is its ``stdout``."""
        done = subprocess.run(self.command(name, *words), env=self.environment(**more), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check:
            assert done.returncode == 0, done.stdout
        return done

    def copy(self, to: Path) -> Publisher:
        shutil.copytree(self.root, to, symlinks=True)
        return Publisher(to, self.home)

    def offered(self, suite: str) -> str:
        return (self.root / f'dists/{suite}/main/binary-amd64/Packages').read_text()


@pytest.fixture(scope='module')
def home() -> Iterator[Path]:
    """A GnuPG home with the key that publish would make."""
    with signer() as made:
        yield made


@pytest.fixture(scope='module')
def first(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Publisher:
    """A repository of both families, at revision 1, not to be changed."""
    top = tmp_path_factory.mktemp('first')
    deb(top / 'in', 1)
    rpms(top / 'in', 1)
    publisher = Publisher(top / 'repo', home)
    publisher('publish', top / 'in', '--url', URL)
    return publisher


@pytest.fixture
def repo(first: Publisher, tmp_path: Path) -> Publisher:
    """A copy of the first repository, to change."""
    return first.copy(tmp_path / 'repo')


@pytest.fixture
def inside(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has the publisher's keys."""
    monkeypatch.setenv('GNUPGHOME', str(home))
    keys.export.cache_clear()
