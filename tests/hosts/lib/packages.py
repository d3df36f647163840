"""The project's packages, built with ./build.sh once for each state of the code; and what stock nova a host has."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from builder.common.aptsources import SUITES
from builder.common.project import PARTS, PROJECT
from tests.hosts.lib import templates
from tests.hosts.lib.errors import HostError

CACHE = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'nova-cascading' / 'packages'


def fork_of(source: str | Path = 'stock', revision: int = 1, *options: str) -> Path:
    """The directory of packages that ``./build.sh`` makes.

    :param source: ``stock`` (what this machine's package manager offers), the code name of a suite (the stock library
        package of its test hosts), or anything that build.sh takes.
    :param revision: the N of +cascadingN.
    :param options: further words for build.sh, e.g. ``--only``, ``deb``.
    :raises HostError: with the output, when the build fails.
    """
    words = [] if source == 'stock' else [str(stock_debs(source)['python3-nova'] if source in SUITES else source)]
    return made_by(*words, '--revision', str(revision), *options)


def made_by(*words: str) -> Path:
    """The directory of what ``./build.sh WORDS`` makes, once for each state of the code.

    :raises HostError: with the output, when it fails.
    """
    place = CACHE / _key(words)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f'{place.name}.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _build(words, place)
    return place


def stock_debs(suite: str) -> dict[str, Path]:
    """Package name -> stock nova .deb, as installed on the suite's ``stack`` hosts."""
    layers = templates.directories(suite, 'stack')
    found = [path for layer in layers for path in layer.glob('var/cache/apt/archives/*nova*.deb')]
    debs = {path.name.split('_')[0]: path for path in sorted(found)}
    return {name: path for name, path in debs.items() if name != 'python3-novaclient'}


def reversion(deb: Path, to: Path, suffix: str) -> Path:
    """Write *deb* again as the vendor's next version: *suffix* follows its own and its siblings' version everywhere."""
    version = field(deb, 'Version')
    name, architecture = deb.name.rsplit('_', 1)
    return rewritten(deb, to / f'{name}{suffix}_{architecture}', version, version + suffix)


def rewritten(deb: Path, to: Path, old: str, new: str, change: Callable[[Path], None] = lambda tree: None) -> Path:
    """Write *deb* again as the file *to*, with each *old* in its control file replaced by *new*.

    :param change: what else is done to the unpacked package, given the directory.
    """
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(['dpkg-deb', '-R', deb, f'{work}/deb'], check=True)
        control = Path(work, 'deb/DEBIAN/control')
        assert old in control.read_text(), f'{deb}: no {old!r} in its control file'
        control.write_text(control.read_text().replace(old, new))
        change(Path(work, 'deb'))
        subprocess.run(['dpkg-deb', '-Znone', '-b', f'{work}/deb', to], check=True, stdout=subprocess.DEVNULL)
    return to


def field(deb: Path, name: str) -> str:
    """One control field of a package file."""
    return subprocess.run(['dpkg-deb', '-f', deb, name], check=True, capture_output=True, text=True).stdout.strip()


def fields(deb: Path) -> dict[str, str]:
    """All control fields of a package file."""
    shown = subprocess.run(['dpkg-deb', '-f', deb], check=True, capture_output=True, text=True).stdout
    return {name: value.strip() for name, value in re.findall(r'^([\w-]+):((?:.*\n(?:[ \t].*\n)*))', shown, re.M)}


def library(directory: Path) -> Path:
    """The fork's library .deb in a directory of packages."""
    found = list(directory.glob('python*-nova-cascading_*.deb'))
    assert len(found) == 1, f'{directory} holds {found}'
    return found[0]


def index(directory: Path) -> None:
    """Make *directory* an apt repository (flat, unsigned)."""
    listed = subprocess.run(['apt-ftparchive', 'packages', '.'], cwd=directory, check=True, capture_output=True)
    (directory / 'Packages').write_bytes(listed.stdout)


def _build(words: Iterable[str], place: Path) -> None:
    partial = place.with_name(f'{place.name}.partial')
    shutil.rmtree(partial, ignore_errors=True)
    done = subprocess.run([PROJECT / 'build.sh', *words, '--to', partial], capture_output=True, text=True)
    if done.returncode != 0:
        what = f'./build.sh {" ".join(words)} ended with status {done.returncode}'
        raise HostError(f'{what}\n{done.stdout}\n{done.stderr}')
    partial.rename(place)


def _key(words: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for path in _code():
        whole.update(str(path).encode() + path.read_bytes())
    for word in words:
        whole.update(Path(word).read_bytes() if Path(word).is_file() else word.encode())
    return whole.hexdigest()[:16]


def _code() -> Iterator[Path]:
    for place in PARTS:
        root = PROJECT / place
        yield from [root] if root.is_file() else sorted(
            path for path in root.rglob('*') if path.is_file() and '__pycache__' not in path.parts)
