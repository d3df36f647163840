"""What to type on a host in order to install package files: one line that looks before anything is removed."""

from __future__ import annotations

import shlex
from pathlib import Path

# The companion packages of what this very host has installed, and no other; dpkg unpacks a file named twice twice.
COMPANIONS = """$(dpkg-query -W -f '${{Status}} ${{Package}}\\n' |
    sed -n '/ {library}$/d; s/^install ok installed //p' |
    while read -r name; do ls ./"$name"_{version}_*.deb 2>/dev/null; done)"""


def install(debs: list[Path]) -> list[str]:
    """
    :param debs: the fork's library package, and its companions if there are any, in one directory.
    :returns: lines for a shell.
    """
    library = next((deb for deb in debs if is_library(deb)), None)
    if library is None:
        return []
    place, file = shlex.quote(str(library.parent.absolute())), shlex.quote(f'./{library.name}')
    ask = f'dpkg-deb --info {file} preinst | sh -s ask'
    if len(debs) == 1:
        return [f'cd {place} && {ask} {file} && apt-get install {file}']
    lines = [f'cd {place} && set -- {companions(library.name)} {file}',
             f'{ask} "$@" && apt-get install "$@"']
    if library.name.startswith('python-'):
        lines.append(f'# apt before 1.1 (Ubuntu 14.04) takes no files: {ask} "$@" && dpkg -i "$@"')
    return lines


def companions(library: str) -> str:
    name, version = library.split('_')[:2]
    return COMPANIONS.format(library=name, version=version)


def is_library(deb: Path) -> bool:
    return deb.name.split('_')[0] in ('python-nova-cascading', 'python3-nova-cascading')
