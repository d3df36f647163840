"""What the forked source says of itself: upstream's metadata, our command, and which fork of what it is.

The version stays upstream's: with a local version (26.3.0+x) pbr before 7 keeps nova from starting, and
upper-constraints refuse it. What tells the fork from stock stands in the summary, which `pip show nova` prints.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from builder.common import project, workplace
from builder.common.errors import BuildError
from builder.common.model import Tree
from builder.package import egginfo
from builder.package.archive import FILE, Member

COMMAND = ('nova-cascading', 'nova.cascading.cli:main')
INFO = 'nova.egg-info'
SOURCES = f'{INFO}/SOURCES.txt'
SUMMARIES = ('setup.cfg', 'pyproject.toml', 'PKG-INFO', f'{INFO}/PKG-INFO')
SUMMARY = re.compile(r'^(summary *= *|Summary: *|description = ")([^"\n]*?)("?)$', re.MULTILINE)
SAID = '; forked by nova-cascading {0}, revision {1}, from {2}'
READ = re.compile(SAID.format(r'(\S+)', r'(\d+)', r'(.+?)') + '$', re.MULTILINE)
# File -> where its list of commands begins, and how a command is written there.
COMMANDS = {'setup.cfg': (r'^(console_scripts *=[ \t]*\n)([ \t]+)', '{0} = {1}\n'),
            'pyproject.toml': (r'^(\[project\.scripts\]\n)()', '{0} = "{1}"\n'),
            f'{INFO}/entry_points.txt': (r'^(\[console_scripts\]\n)()', '{0} = {1}\n')}


class Claim(NamedTuple):
    """What an sdist or a wheel says of itself: version of the project, revision, and the source."""

    made_by: str
    revision: str
    made_of: str


def claim(text: str) -> Claim | None:
    """
    :param text: PKG-INFO or METADATA.
    :returns: None when it is no fork.
    """
    said = READ.search(text)
    return Claim(*said.groups()) if said else None


def marked(members: dict[str, Member], tree: Tree, revision: int) -> dict[str, Member]:
    """The same source with our command, and with its provenance, in its metadata.

    :raises BuildError: the metadata looks like that of no nova we know.
    """
    said = SAID.format(project.label(), revision, tree.made_of)
    result = {name: text(members, name) for name in {*SUMMARIES, *COMMANDS} & members.keys()}
    changes = [summarised(result, name, said) for name in SUMMARIES], [offering(result, name) for name in COMMANDS]
    if not all(map(any, changes)):
        raise BuildError(f'{tree.origin}: neither setup.cfg nor pyproject.toml has a summary and a list of commands',
                         'give a release of nova as its tarball or checkout has it')
    return {**members, **{name: members[name]._replace(data=changed.encode())
                          for name, changed in result.items() if name in members}}


def text(members: dict[str, Member], name: str) -> str:
    try:
        return members[name].data.decode()
    except ValueError as error:
        raise BuildError(f'{name} of the source is no UTF-8 text: {error}',
                         'get the source again from where it was released') from error


def summarised(texts: dict[str, str], name: str, said: str) -> int:
    """Add to the summary of a file; returns how many were found."""
    texts[name], count = SUMMARY.subn(rf'\g<1>\g<2>{said}\g<3>', texts.get(name, ''), count=1)
    return count


def offering(texts: dict[str, str], name: str) -> int:
    """Add our command to those of a file; returns how many lists of them were found."""
    place, form = COMMANDS[name]
    texts[name], count = re.subn(place, rf'\g<1>\g<2>{form.format(*COMMAND)}\g<2>', texts.get(name, ''), count=1,
                                 flags=re.MULTILINE)
    return count


def completed(members: dict[str, Member], version: str) -> dict[str, Member]:
    """With PKG-INFO, without which pbr wants git, and SOURCES.txt, from which pbr knows our data files."""
    result = dict(members)
    if 'PKG-INFO' not in result:
        result.update((name, Member(FILE, made.encode())) for name, made in egg_info(members, version).items())
    listed = text(result, SOURCES).splitlines() if SOURCES in result else list(result)
    names = {*listed, SOURCES, *(name for name in result if name.startswith('nova/'))}
    return {**result, SOURCES: Member(FILE, ''.join(f'{name}\n' for name in sorted(names)).encode())}


def egg_info(members: dict[str, Member], version: str) -> dict[str, str]:
    """PKG-INFO and the egg-info of a source that has none: a checkout, or a tarball of git's."""
    with workplace.directory() as work:
        for name in {'setup.cfg', 'pyproject.toml', 'requirements.txt'} & members.keys():
            Path(work, name).write_bytes(members[name].data)
        files = egginfo.made(Path(work), version)
    return {'PKG-INFO': files['PKG-INFO'], **{f'{INFO}/{name}': made for name, made in files.items()}}
