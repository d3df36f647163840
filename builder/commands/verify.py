"""Checks every signature, hash and file of a repository or of a whole copy of it, and how long its keys still last.

Fails when anything is amiss, and from 90 days before a key or a Valid-Until ends: run it daily. Trusted are the keys
named with --key, which `gpg --import` has taken; without it the secret keys of this user, those that this user has
certified, and one that publish has made for somebody else, once it is imported.
"""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from builder.commands import options
from builder.common import needs, tools
from builder.common.errors import BuildError
from builder.repository import check, keys, sums, transaction
from builder.repository.atomic import at_rest
from builder.repository.checked import Checked
from builder.repository.state import State

SHOWN = 20
LOOKS = 9


def configure(parser: argparse.ArgumentParser) -> None:
    options.repository(parser, key='a key that is trusted; may be given several times')


def run(args: argparse.Namespace) -> int:
    tools.need(needs.of_command('verify'))
    root = args.to.resolve()
    State.must_exist(root)
    with at_rest(root):
        state = undisturbed(root, lambda: look(root, args.key))
    total = sum(len(suite.packages) for suite in state.suites.values())
    print(f'{root}: every signature and hash good; suites: {", ".join(sorted(state.suites))}; packages: {total}')
    return 0


def undisturbed(root: Path, look: Callable[[], State]) -> State:
    """Whoever has no right to the lock may meet a publisher: what is wrong in a tree that has changed is no finding."""
    for _ in range(LOOKS):
        before = seen(root)
        try:
            return look()
        except Exception:
            if seen(root) == before:
                raise
    return look()


def seen(root: Path) -> list[tuple[int, int]]:
    """What is another with each publish, also on a mirror that is brought up to date file by file."""
    return [(path.stat().st_ino, path.stat().st_mtime_ns) for path in (root, root / sums.NAME) if path.exists()]


def look(root: Path, names: Sequence[str]) -> State:
    """
    :param names: keys that are trusted.
    :raises BuildError: anything is amiss.
    """
    trusted = keys.trusted(names)
    refuse_strangers(root, {key.fingerprint for key in trusted})
    if found := check.problems(root, trusted, int(time.time())):
        with keys.keyring([key.fingerprint for key in trusted]) as ring:
            signed_anew = '' if check.changes(Checked(root, ring)) else ', or publish again if this is the origin'
        more = [f'and {len(found) - SHOWN} more'] if len(found) > SHOWN else []
        raise BuildError('\n  '.join([f'{root} is not as it was published:', *found[:SHOWN], *more]),
                         f'do not serve it: restore it from a mirror{signed_anew}')
    return State.load(root)


def refuse_strangers(root: Path, trusted: set[str]) -> None:
    """Where no trusted key can have signed, that is all there is to say: the copy may be well, or anybody's.

    To be imported is the very file whose keys are told: whoever made the copy can have put others into the other one.
    """
    own = root / transaction.BINARY
    named = keys.in_file(own)
    if trusted and (not named or trusted & set(named)):
        return
    file, place = shlex.quote(str(own) if named else 'FILE'), shlex.quote(str(root))
    words = ' '.join(f'--key {name}' for name in named or ['FINGERPRINT'])
    compare = "take the publisher's key from elsewhere: "
    if named:
        compare = 'compare that with the fingerprint that the publisher has told you. Only if they are the same: '
    raise BuildError(f'{root} has no good signature by a trusted key; its own {own.name} has '
                     f'{", ".join(named) or "no key"}',
                     f'{compare}gpg --import {file} && ./build.sh verify --to {place} {words}')
