"""What is typed once and remembered: held to one rule, when it is typed and when it is used again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from builder.common.errors import BuildError
from builder.repository.state import State

MOST_DAYS = 3650


def wrong_address(text: str) -> str:
    """Why hosts cannot be given an address, in words; '' when they can."""
    if re.search('://[^/]*@', text):
        return ("it has a user's name or password in it, which the page and the packages would show to everybody; "
                'leave it out: hosts have theirs in /etc/apt/auth.conf.d, or as username= and password= in the '
                '.repo file')
    # It becomes a word of shell lines on the page, of sources.list and of .repo files.
    if not re.fullmatch(r'[a-z][a-z0-9+.-]*://[A-Za-z0-9._~:/@%+=,\[\]-]+', text):
        return f'{text!r} is no address, as https://packages.example.org/nova-cascading'
    return ''


def wrong_days(text: str) -> str:
    if text.isdigit() and 1 <= int(text) <= MOST_DAYS:
        return ''
    return f'{text!r} is no number of days from 1 to {MOST_DAYS}'


def refuse(state: State, root: Path) -> None:
    """
    :raises BuildError: an earlier version, which asked less, has let something in.
    """
    again = f'./build.sh publish --to {shlex.quote(str(root))} --refresh'
    if why := wrong_address(state.url):
        raise BuildError(f'the address that {root} remembers must not be published again: {why}',
                         f'{again} --url ADDRESS; a password in it has been published, so change that, too')
    if why := wrong_days(str(state.valid_days)):
        raise BuildError(f'{root} remembers a wrong --valid-days: {why}', f'{again} --valid-days 180')
