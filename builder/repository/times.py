"""The time that a repository carries: it only ever grows, and is never ahead of the clock by more than minutes."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from time import gmtime, strftime

from builder.common.errors import BuildError
from builder.repository import yum
from builder.repository.change import Change
from builder.repository.keys import Key
from builder.repository.policy import DAY, NOTICE_DAYS
from builder.repository.state import State, Suite

TOO_FAR = 300  # seconds: clocks differ
SOON = 5  # seconds: within one publish
SHOWN = '%a, %d %b %Y %H:%M:%S UTC'


def moment(root: Path, state: State, signers: Sequence[Key], *, reset: bool) -> int:
    """The time that goes into metadata: SOURCE_DATE_EPOCH, else now, but later than that of the last publish.

    Clients keep what they have when two states have one time, or when the newer one has the older time.
    :raises BuildError: nobody would accept a signature of that time.
    """
    now = int(time.time())
    wanted = given(now, state.valid_days)
    if reset:
        wanted = now
    elif state.time > now + TOO_FAR:
        raise BuildError(f'{root} is dated {strftime(SHOWN, gmtime(state.time))}, in the future: hosts refuse it until '
                         'then', 'when `date` is right: ./build.sh publish --refresh --reset-date')
    else:
        wanted = max(wanted, state.time + 1)
    for key in signers:
        born = max(key.created, key.signer.created if key.signer else 0)
        if born > wanted:
            raise BuildError(f'the key {key.fingerprint} is younger than {strftime(SHOWN, gmtime(wanted))}',
                             'see that `date` is right, name another with --key, or unset SOURCE_DATE_EPOCH')
    let_pass(wanted)
    return wanted


def let_pass(wanted: int) -> None:
    """Wait until a time that somebody asked for is over: gpg holds every time but the present one, which goes on."""
    left = wanted + 1 - time.time()
    if os.environ.get('SOURCE_DATE_EPOCH') and 0 < left < SOON:
        time.sleep(left)


def given(now: int, valid_days: int) -> int:
    text = os.environ.get('SOURCE_DATE_EPOCH') or str(now)
    wanted = int(text) if text.isascii() and text.isdigit() else -1
    if wanted < 0 or wanted > now + TOO_FAR or ends_soon(wanted, valid_days, now):
        raise BuildError(f'SOURCE_DATE_EPOCH is {text}: indexes of that time would be refused now, or soon',
                         'unset SOURCE_DATE_EPOCH, then run the same command again')
    return wanted


def notice(valid_days: int) -> int:
    """Seconds before its end in which an index should be signed anew."""
    return min(NOTICE_DAYS, valid_days // 2) * DAY


def ends_soon(signed: int, valid_days: int, now: int) -> bool:
    return signed + valid_days * DAY < now + notice(valid_days)


def bring_back(this: Change) -> None:
    """Date to now what lies in the future: every index, and the signatures in packages that nobody could check yet."""
    for name, suite in this.state.suites.items():
        suite.time = this.time
        late = [entry for entries in (suite.packages, suite.withdrawn) for entry in entries.values()
                if entry.date > this.time]
        if suite.family == 'rpm':
            yum.resign(this.work, name, late, this.keys[0].fingerprint, this.time)
            forget_states(this.work / yum.directory(name) / yum.STATES, this.time)
        for entry in late:
            entry.date = this.time
    this.said.append('  All indexes are dated to now. Hosts that took the later ones (old apt, yum 3) need once:\n'
                     '    rm -rf /var/lib/apt/lists/* && apt-get update        yum clean all')


def forget_states(folder: Path, now: int) -> None:
    for state in folder.iterdir() if folder.is_dir() else ():
        if int(state.name.partition('-')[0]) > now:
            shutil.rmtree(state)


def problems(suite: Suite, valid_days: int, now: int) -> list[str]:
    """What verify says about the age of a suite's indexes."""
    found = []
    if ends_soon(suite.time, valid_days, now):
        found.append(f'its indexes are valid until {strftime(SHOWN, gmtime(suite.time + valid_days * DAY))}, fewer '
                     f'than {notice(valid_days) // DAY} days: ./build.sh publish --refresh')
    if suite.time > now + TOO_FAR:
        found.append(f'its indexes were signed in the future, {strftime(SHOWN, gmtime(suite.time))}: '
                     './build.sh publish --refresh --reset-date')
    return found
