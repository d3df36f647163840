"""The simple index of wheels and sdists that pip reads (PEP 503, PEP 691), made anew from the entries of its suite.

A withdrawn version stays in the index, marked as yanked (PEP 592): whoever has pinned its hash still gets it, and pip
takes another revision wherever there is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

from builder.repository.atomic import replace
from builder.repository.state import Entry, State, Suite

FAMILY = 'pypi'
PROJECT = 'nova'
YANKED = 'withdrawn by its publisher'
MARK = f' data-yanked="{YANKED}"'
PAGE = '<!DOCTYPE html>\n<html>\n<head>\n<meta name="pypi:repository-version" content="1.0">\n<title>{0}</title>\n' \
       '</head>\n<body>\n{1}</body>\n</html>\n'


def place(suite: str, version: str, name: str) -> str:
    """Where a file lies: below its revision, as the sdists of all revisions have one name.

    :param version: with the build tag, ``26.3.0-1cascading2``.
    """
    return f'{suite}/packages/{version.partition("-")[2]}/{name}'


def write(root: Path, name: str, suite: Suite) -> None:
    """Write the index of a suite."""
    for path, data in files(name, suite).items():
        replace(root / path, data, suite.time)


def files(name: str, suite: Suite) -> dict[str, bytes]:
    """Path in the tree -> content of every file of the index; the same for the same entries."""
    top = f'{name}/simple'
    rows = list(links(top, suite))
    page = ''.join(f'<a href="{address}#sha256={digest}"{MARK if is_yanked else ""}>{escape(file)}</a><br>\n'
                   for file, address, digest, is_yanked in rows)
    described = [{'filename': file, 'url': address, 'hashes': {'sha256': digest},
                  'yanked': YANKED if is_yanked else False} for file, address, digest, is_yanked in rows]
    meta = {'meta': {'api-version': '1.0'}}
    return {f'{top}/index.html': PAGE.format('Simple index', f'<a href="{PROJECT}/">{PROJECT}</a>\n').encode(),
            f'{top}/index.json': text({**meta, 'projects': [{'name': PROJECT}]}),
            f'{top}/{PROJECT}/index.html': PAGE.format(f'Links for {PROJECT}', page).encode(),
            f'{top}/{PROJECT}/index.json': text({**meta, 'name': PROJECT, 'files': described})}


def text(value: dict) -> bytes:
    return (json.dumps(value, indent=1) + '\n').encode()


def links(top: str, suite: Suite) -> Iterator[tuple[str, str, str, bool]]:
    """File name, relative address, sha256 and whether it is yanked; of several with one name, the best revision's."""
    seen = set()
    for is_yanked, entries in ((False, suite.packages), (True, suite.withdrawn)):
        for entry in sorted(entries.values(), key=order, reverse=True):
            file = Path(entry.path).name
            if file not in seen:
                seen.add(file)
                address = f'../../{Path(entry.path).relative_to(Path(top).parent)}'
                yield file, quote(address), entry.files[entry.path], is_yanked


def order(entry: Entry) -> tuple[list[int], int, str, str]:
    """As pip orders them: by version, then by build tag."""
    version, _, tag = entry.version.partition('-')
    number = re.match(r'\d+', tag)
    return [int(part) for part in re.findall(r'\d+', version)], int(number[0]) if number else 0, tag, entry.arch


def newest(suite: Suite) -> dict[str, Entry]:
    """nova's version -> the wheel that pip takes of it; the highest version first."""
    wheels = sorted((entry for entry in suite.packages.values() if entry.arch != 'source'), key=order)
    best = {entry.version.partition('-')[0]: entry for entry in wheels}
    return dict(reversed(best.items()))


def command(state: State, name: str, requirement: str) -> str:
    """How pip exchanges nova for what this index has, and nothing else."""
    return f'pip install --no-deps --force-reinstall --index-url {state.url}/{name}/simple/ {requirement}'


def advice(name: str, state: State, gone: list[Entry]) -> str:
    """What pip takes after versions were withdrawn, and how a virtualenv gets it."""
    lines = []
    for entry in (entry for entry in gone if entry.arch != 'source'):
        version = entry.version.partition('-')[0]
        left = newest(state.suites[name]).get(version)
        lines.append(f'{name}: pip takes {left.version} again. In virtualenvs that have {entry.version}:\n  '
                     + command(state, name, f'nova=={version}') if left else
                     f'{name}: no nova {version} is left. Virtualenvs that have {entry.version} keep it; back to stock '
                     'with\n  nova-cascading uninstall')
    return '\n'.join(lines) or f'{name}: sdists are offered as before, but for those that were withdrawn'
