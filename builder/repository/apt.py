"""One apt suite: its indexes, its Release file and the signatures of it (Debian's RepositoryFormat)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import gmtime, strftime
from typing import NamedTuple

from builder.common import deb822
from builder.common.errors import BuildError
from builder.common.files import gzipped, sha256
from builder.repository import isolated, keys
from builder.repository.atomic import link, replace
from builder.repository.policy import DAY
from builder.repository.state import Entry, Suite

# Our packages are Architecture: all. apt from 1.6 on reads binary-all, whatever its host's architecture is. Before, it
# looks under its own architecture and under every foreign one that its host has (Ubuntu 14.04 has i386), and fails
# when that index is not there. Debian and Ubuntu of that time had these; no new one comes to it.
ARCHITECTURES = ('all', 'amd64', 'arm64', 'armel', 'armhf', 'i386', 'mips', 'mipsel', 'powerpc', 'ppc64el', 's390x')
POOL = 'pool'
GENERATIONS = 16
DATE = '%a, %d %b %Y %H:%M:%S UTC'
# gzip is what every client and mirror tool reads; on 1,000 packages xz took 20 times as long to save 40 kB.
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {'': bytes, '.gz': gzipped}


class Written(NamedTuple):
    """An index file; the same content for several architectures is one file on disk."""

    path: Path
    sha256: str
    size: int


def write(root: Path, name: str, suite: Suite, signers: Sequence[str], valid_days: int) -> None:
    """Make the suite's directory in ``dists/`` anew from its entries, and sign it.

    :param root: the working copy; its present indexes, already verified, serve as the cache of what packages say.
    """
    top = root / 'dists' / name
    indexes: dict[str, bytes] = {}
    binaries = stanzas(root, sorted(top.glob('main/binary-*/Packages')), suite, 'packages')
    own = {suite.packages[path].arch for path, _ in binaries} - {'all'}
    architectures = sorted({*ARCHITECTURES, *own})
    # Most have the very same index, which is kept once.
    common = b'\n'.join(text for path, text in binaries if suite.packages[path].arch == 'all')
    for architecture in architectures:
        indexes[f'main/binary-{architecture}/Packages'] = common if architecture not in own else b'\n'.join(
            text for path, text in binaries if suite.packages[path].arch in ('all', architecture))
    indexes['main/source/Sources'] = b'\n'.join(text for _, text in stanzas(
        root, [top / 'main/source/Sources'], suite, 'sources'))
    listed = write_indexes(top, indexes, suite.time)
    text = release(name, suite.time, valid_days, architectures, listed)
    replace(top / 'Release', text, suite.time)
    with ThreadPoolExecutor() as pool:
        detached = pool.submit(keys.sign, text, signers, suite.time)
        replace(top / 'InRelease', keys.sign(text, signers, suite.time, clear=True), suite.time)
        replace(top / 'Release.gpg', detached.result(), suite.time)


def stanzas(root: Path, before: list[Path], suite: Suite, kind: str) -> list[tuple[str, bytes]]:
    """What an index says of each package, by its path: kept from the indexes before, or read from the package.

    :param kind: ``packages`` or ``sources``, as apt-ftparchive calls them.
    """
    # Most architectures have one and the same index: one file.
    files = {index.stat().st_ino: index for index in before if index.exists()}
    known = {path: stanza for index in files.values() for path, stanza in split(index.read_bytes(), kind).items()}
    wanted = sorted(path for path, entry in suite.packages.items() if (entry.arch == 'source') == (kind == 'sources'))
    if fresh := [suite.packages[path] for path in wanted if path not in known]:
        known.update(split(described(root, fresh, kind), kind))
    # apt-ftparchive leaves out, and says nothing of, what apt could not read.
    if unread := [path for path in wanted if path not in known]:
        raise BuildError(f'{Path(unread[0]).name} is damaged: apt-ftparchive cannot read it; nothing was changed',
                         'build the package again')
    return [(path, known[path]) for path in wanted]


def described(root: Path, entries: list[Entry], kind: str) -> bytes:
    """An index of these alone.  apt-ftparchive describes all that lies below a directory, in one run."""
    with tempfile.TemporaryDirectory(prefix='.fresh-', dir=root) as work:
        for name in {name for entry in entries for name in entry.files}:
            link(root / name, Path(work) / name)
        return isolated.run(['apt-ftparchive', '-q', kind, POOL], cwd=work).encode()


def split(index: bytes, kind: str) -> dict[str, bytes]:
    """Cut an index into its stanzas, by the path of the package that each describes."""
    found = {}
    for stanza in index.split(b'\n\n'):
        if stanza.strip():
            found[path_of(stanza.decode(), kind)] = stanza.strip(b'\n') + b'\n'
    return found


def path_of(stanza: str, kind: str) -> str:
    if kind == 'packages':
        return field(stanza, 'Filename')
    dsc = next(line.split()[-1] for line in stanza.splitlines() if line.startswith(' ') and line.endswith('.dsc'))
    return f'{field(stanza, "Directory")}/{dsc}'


def field(stanza: str, name: str) -> str:
    return deb822.fields(stanza).get(name, '')


def write_indexes(top: Path, indexes: dict[str, bytes], time: int) -> dict[str, Written]:
    """Write every index, plain and compressed, and keep its last generations under by-hash.

    :returns: all that Release must list.
    """
    made: dict[tuple[bytes, str], Written] = {}
    listed = {}
    for index, data in indexes.items():
        for suffix, pack in COMPRESSORS.items():
            path = top / f'{index}{suffix}'
            if (data, suffix) not in made:
                content = pack(data)
                replace(path, content, time)
                made[data, suffix] = Written(path, sha256(content), len(content))
            written = listed[f'{index}{suffix}'] = made[data, suffix]
            link(written.path, path)
            link(written.path, path.parent / 'by-hash/SHA256' / written.sha256)
        forget((top / index).parent / 'by-hash/SHA256')
    return listed


def forget(directory: Path) -> None:
    """Readers that hold an older InRelease find their indexes for GENERATIONS publishes."""
    files = sorted(directory.iterdir(), key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    for path in files[GENERATIONS * len(COMPRESSORS):]:
        path.unlink()


def release(name: str, time: int, valid_days: int, architectures: list[str], listed: dict[str, Written]) -> bytes:
    """The Release file.  apt-ftparchive would take Valid-Until from the clock, not from the time of the publish."""
    fields = {'Origin': 'nova-cascading', 'Label': 'nova-cascading', 'Suite': name, 'Codename': name,
              'Date': strftime(DATE, gmtime(time)), 'Valid-Until': strftime(DATE, gmtime(time + valid_days * DAY)),
              'Acquire-By-Hash': 'yes', 'Architectures': ' '.join(architectures), 'Components': 'main',
              'Description': f'python-nova-cascading for {name}'}
    lines = [f'{key}: {value}' for key, value in fields.items()] + ['SHA256:']
    lines += [f' {written.sha256} {written.size:>8} {path}' for path, written in sorted(listed.items())]
    return ('\n'.join(lines) + '\n').encode()
