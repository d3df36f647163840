"""A virtualenv of Python 3 with nova from PyPI, and the two indexes that its pip reads: stock nova's and ours."""

from __future__ import annotations

import re
from html import unescape

from tests.hosts.lib import unpackaged
from tests.hosts.lib.host import Host
from tests.hosts.lib.layers import register
from tests.hosts.lib.unpackaged import Unpackaged

STOCK = '/srv/stock'
STOCK_URL, URL = 'http://127.0.0.1:8001', 'http://127.0.0.1:8000'


def of(nova: Unpackaged) -> str:
    """The layer of a nova that pip installed, with the wheel that it came from in an index beside it."""
    name = f'{nova.layer}-stock'
    register(name, base=nova.layer, script=f"set -eu\n'{nova.python}' -m pip download -q --no-deps -d {STOCK}/nova "
                                           f'nova=={nova.version}\n')
    return name


NOVAS = {nova.version: (nova, of(nova)) for nova in unpackaged.PIP if '.' in nova.version and 'python3' in nova.parent}


def files(host: Host, nova: Unpackaged) -> dict[str, str]:
    """Path in the virtualenv -> sha256 of every file, bytecode with an empty one: it has a time in it."""
    top = nova.programs.removesuffix('/bin')
    listed = host.run(f"cd '{top}' && find . -type f -print0 | sort -z | xargs -0 sha256sum").out
    return {path[2:]: '' if path.endswith('.pyc') else digest
            for digest, path in (line.split('  ', 1) for line in listed.splitlines())}


def commands(page: str, suite: str = 'pypi') -> list[str]:
    """What the repository's page has a person type for a suite, in its order."""
    section = page.split(f'<h2 id="{suite}">')[1].split('<h2')[0]
    return [unescape(text) for text in re.findall(r'<pre>(.*?)</pre>', section, re.DOTALL)]
