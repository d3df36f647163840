"""Who answers for a package: DEBFULLNAME and DEBEMAIL, as for Debian's own tools, else what pyproject.toml says."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from builder.common.errors import BuildError
from builder.common.project import stated

# It becomes a line of control files, changelogs and specs: % and \ mean something to rpm, @NAME@ to our templates.
FORM = re.compile(r'([^<>@%\\]*[^<>@%\\\s]) <([^<>@%\\\s]+@[^<>@%\\\s]+)>')


class Maintainer(NamedTuple):
    """A name and an e-mail address; as text, ``Name <address>``."""

    name: str
    address: str

    def __str__(self) -> str:
        return f'{self.name} <{self.address}>'

    def variables(self) -> dict[str, str]:
        """The environment in which a build names the same one."""
        return {'DEBFULLNAME': self.name, 'DEBEMAIL': self.address}


def maintainer() -> Maintainer:
    """Who answers for what is built now.

    :raises BuildError: what is set cannot stand in a package.
    """
    default = parsed(stated('maintainer'))
    assert default, 'pyproject.toml'
    given = os.environ.get('DEBEMAIL', '').strip()
    # dch(1) takes the whole of it there, too.
    whole = parsed(given) or Maintainer(default.name, given or default.address)
    named = whole._replace(name=os.environ.get('DEBFULLNAME', '').strip() or whole.name)
    if parsed(str(named)) is None:
        raise BuildError(f'DEBFULLNAME and DEBEMAIL say {str(named)!r}, which is no name and address for a package',
                         'DEBFULLNAME="Jane Doe" DEBEMAIL=jane@example.org ./build.sh …, or unset both')
    return named


def parsed(text: str) -> Maintainer | None:
    """The two parts of ``Name <address>``; None when the text is anything else."""
    found = FORM.fullmatch(text) if text.isprintable() else None
    return Maintainer(found[1], found[2]) if found else None
