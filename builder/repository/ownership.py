"""What is signed was made by us: nobody else can write where the repository lies, and nothing in it is unknown."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator, Set
from pathlib import Path

from builder.common import writers
from builder.common.errors import BuildError
from builder.common.files import sha256
from builder.repository import keys, sums
from builder.repository.state import NAME

SHOWN = 3


def refuse_open(root: Path) -> None:
    """
    :param root: the repository as it was named, with the links in its path; it need not be there yet.
    :raises BuildError: somebody else could put files in, or swap the tree, while it is being signed.
    """
    weak = writers.weakness(root)
    # Above it, as in /tmp, the sticky bit keeps others from swapping; in it they could add files.
    if not weak and root.is_dir() and root.stat().st_mode & stat.S_ISVTX and root.stat().st_mode & 0o022:
        weak = f'{root} can be written by everybody, for all its sticky bit'
    if weak:
        raise BuildError(f'{weak}: what others put there would be signed', f'{writers.closing(weak)}publish to a '
                         "directory of your own, below no other user's: --to DIR")


def refuse_open_input(folder: Path, packages: list[Path], owners: Set[int]) -> None:
    """
    :param packages: what was found in a folder, of which nobody has named each file.
    :param owners: who may write there beside those who are believed.
    :raises BuildError: somebody else could have put a package there, and have it signed.
    """
    for path in [folder, *packages]:
        if weak := writers.weakness(path, owners):
            raise BuildError(f'{weak}: what others put into {folder} would be signed',
                             f'see who made what is there (ls -l), then {writers.closing(weak)}name the files '
                             'themselves: ./build.sh publish FILE…')


def refuse_changed(root: Path, wanted: list[str]) -> None:
    """Do not sign again what somebody else made or changed: the indexes are the cache of the next ones.

    :param wanted: keys that --key names, which are believed too.
    :raises BuildError: the tree is not, file by file, what a key of this user has signed.
    """
    if not root.exists() or not any(root.iterdir()):
        return
    if not (root / NAME).exists():
        raise BuildError(f'{root} has files in it but is no repository made by this command',
                         'name another directory with --to DIR')
    ours = list(dict.fromkeys(key.fingerprint for key in keys.trusted([]) + (keys.trusted(wanted) if wanted else [])))
    if not ours:
        raise BuildError(f'{root} was published with a key that this GnuPG home does not have; nothing was changed',
                         'run it as the user who publishes, or with GNUPGHOME=DIR, where that key is')
    bad = list(changes(root, ours))
    if bad:
        more = f'; and {len(bad) - SHOWN} more' if len(bad) > SHOWN else ''
        raise BuildError(f'{root} was changed by something else since it was signed: {"; ".join(bad[:SHOWN])}{more}',
                         f'./build.sh verify --to {shlex.quote(str(root))} says what is wrong; take away what does not '
                         'belong there, and restore the rest from a mirror')


def changes(root: Path, ours: list[str]) -> Iterator[str]:
    """What is not as it was signed.

    :param ours: fingerprints of the keys that are believed.
    """
    yield from sums.strange(root)
    signature, listing = root / sums.SIGNATURE, root / sums.NAME
    good: dict[str, str] = {}
    if plain(signature) and plain(listing):
        with keys.keyring(ours) as ring:
            # By a key that has ended since, too: it must be possible to go on with another one.
            good, _ = keys.check(ring, signature.read_bytes(), listing.read_bytes(), ended=True)
    if not good:
        yield f'{sums.NAME}: no good signature by a key of yours that is not revoked (`gpg --list-secret-keys`)'
        return
    listed, there = sums.load(root), dict(sums.files(root))
    yield from (f'{name}: a file that the publisher did not put there' for name in sorted(there.keys() - listed.keys()))
    yield from (f'{name}: missing' for name in sorted(listed.keys() - there.keys()))
    digests: dict[int, str] = {}  # of each inode: indexes of several architectures are one file
    for name in sorted(there.keys() & listed.keys()):
        if is_input(name):
            inode = there[name]
            digests[inode] = digests.get(inode) or sha256(root / name)
            if digests[inode] != listed[name]:
                yield f'{name}: changed'


def plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def is_input(name: str) -> bool:
    """Is the file one that the next indexes are made from?"""
    parts = name.split('/')
    return (name == NAME or (parts[0] == 'dists' and parts[-1] in ('Packages', 'Sources'))
            or (parts[0], parts[2:3]) == ('yum', ['repodata']))
