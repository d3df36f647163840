"""Who vouches for an rpm: dnf and yum look at no signature of what they only download."""

from __future__ import annotations

import re
from pathlib import Path

from builder.common import tools
from builder.common.errors import BuildError
from builder.common.progress import say


def look_at(path: Path) -> None:
    """Refuse an rpm that is not as it was signed, and say so where that cannot be told.

    :param path: what the package manager has downloaded.
    :raises BuildError: by a key that this machine's rpm trusts, its signature is wrong.
    """
    lines = tools.attempt(['rpm', '--checksig', '--verbose', path]).stdout.splitlines()
    found = [line.strip() for line in lines if line.startswith(' ') and 'signature' in line.lower()]
    # A signature over the header alone is good whatever the payload is: of that, the header holds the digest.
    wrong = [line.strip() for line in lines if re.search(r': BAD\b', line)]
    if wrong:
        raise BuildError(f'{path.name} is not what was signed ({wrong[0]})',
                         'do not build from it; see where it comes from: dnf repolist -v, or yum repolist -v')
    if not any(re.search(r': OK\b', line) for line in found):
        why = f'this machine cannot tell ({found[0]})' if found else 'it has no signature'
        say(f'note: nobody vouches for {path.name}: {why}. Next, where its repository has a key: rpm --import THE_KEY, '
            f'and build again')
