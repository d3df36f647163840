"""The metadata by which Python finds nova's version and entry points; none of the tree's own code is run for it."""

from __future__ import annotations

import configparser
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from builder.common import toml
from builder.common.errors import BuildError
from builder.common.model import Tree

BUILD_LEFTOVERS = {'SOURCES.txt', 'pbr.json', 'RECORD', 'INSTALLER', 'REQUESTED', 'direct_url.json'}


class Project(NamedTuple):
    """What a project says of itself; `requires` maps a section of requires.txt ('' is the main one) to its lines."""

    metadata: dict[str, str]
    classifiers: list[str]
    requires: dict[str, list[str]]
    entry_points: dict[str, list[str]]


def ensure(tree: Tree, to: Path) -> Path:
    """Put the metadata directory to ship into the directory `to`.

    :returns: ``to/nova-<version>.egg-info`` (or .dist-info): a copy of the tree's own without what only a build
        needs, else made from setup.cfg or pyproject.toml and requirements.txt
        (formats: PEP 314 for PKG-INFO, setuptools' *EggFormats* for the rest).
    :raises BuildError: when the tree has neither.
    """
    if tree.egg_info is not None and tree.egg_info.is_dir():
        return _copied(tree.egg_info, to / f'nova-{tree.version}{tree.egg_info.suffix}')
    target = to / f'nova-{tree.version}.egg-info'
    target.mkdir(parents=True)
    for name, text in made(tree.path, tree.version).items():
        target.joinpath(name).write_text(text, encoding='utf-8')
    return target


def made(path: Path, version: str) -> dict[str, str]:
    """Name -> text of the files of an egg-info directory.

    :param path: directory of setup.cfg or pyproject.toml, and requirements.txt.
    :raises BuildError: there is neither of the first two.
    """
    with _understood(path):
        return _files(_project(path), version)


def requirements(tree: Tree) -> list[str]:
    """The lines that name what nova needs in every environment, such as ``SQLAlchemy>=0.7.8,!=0.9.5``."""
    with _understood(tree.path):
        if tree.egg_info is not None and (tree.egg_info / 'requires.txt').is_file():
            text = (tree.egg_info / 'requires.txt').read_text(encoding='utf-8')
            return _lines(text.split('\n[')[0])
        return _project(tree.path).requires['']


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """Whatever a parser says of what anybody may have written."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, configparser.Error) as error:
        raise BuildError(f'{path}: setup.cfg, pyproject.toml, requirements.txt or requires.txt cannot be understood: '
                         f'{error!r}', 'get the source again from where it was released') from error


def _copied(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target, symlinks=True, ignore=lambda _, names: BUILD_LEFTOVERS & set(names)))


def _project(path: Path) -> Project:
    pyproject, setup = path / 'pyproject.toml', path / 'setup.cfg'
    if pyproject.is_file():
        table = toml.read(pyproject)
        if 'project' in table:
            return _from_pyproject(table['project'], path)
    if not setup.is_file():
        raise BuildError(f'{path} has no egg-info, no setup.cfg and no pyproject.toml: its entry points are unknown',
                         'give a complete release: its tarball, a git checkout, or the stock package')
    return _from_setup_cfg(setup, path)


def _from_setup_cfg(setup: Path, path: Path) -> Project:
    config = configparser.RawConfigParser(strict=False)
    config.optionxform = str  # type: ignore[assignment,method-assign]
    config.read_string(setup.read_text(encoding='utf-8'))
    metadata = {key.replace('_', '-'): value for key, value in config['metadata'].items()}
    classifiers = _lines(metadata.pop('classifiers', '') or metadata.pop('classifier', ''))
    requires = _requires(_lines_of(path / 'requirements.txt'))
    if config.has_section('extras'):
        requires.update({extra: _lines(value) for extra, value in config.items('extras')})
    groups = config.items('entry_points') if config.has_section('entry_points') else []
    return Project(metadata, classifiers, requires, {group: _lines(value) for group, value in groups})


def _from_pyproject(project: dict[str, Any], path: Path) -> Project:
    author = (project.get('authors') or [{}])[0]
    metadata = {'summary': project.get('description', ''), 'author': author.get('name', ''),
                'author-email': author.get('email', ''), 'license': _license(project.get('license', '')),
                'url': project.get('urls', {}).get('Documentation', '')}
    requires = _requires(project.get('dependencies') or _lines_of(path / 'requirements.txt'))
    requires.update({extra: _lines('\n'.join(lines))
                     for extra, lines in project.get('optional-dependencies', {}).items()})
    groups = {'console_scripts': project.get('scripts', {}), **project.get('entry-points', {})}
    return Project(metadata, project.get('classifiers', []), requires,
                   {group: [f'{name} = {target}' for name, target in points.items()]
                    for group, points in groups.items() if points})


def _license(said: str | dict[str, str]) -> str:
    return said if isinstance(said, str) else said.get('text', '')


def _lines_of(path: Path) -> list[str]:
    return _lines(path.read_text(encoding='utf-8')) if path.is_file() else []


def _lines(text: str) -> list[str]:
    """Lines without comments and blanks; options of pip's (``-e``, ``--index-url``) are no requirement."""
    bare = (re.sub(r'(^|\s+)#.*', '', line).strip() for line in text.splitlines())
    return [line for line in bare if line and not line.startswith('-')]


def _requires(lines: list[str]) -> dict[str, list[str]]:
    """Requirements by section of requires.txt: those with a marker stand under ``[:marker]``."""
    sections: dict[str, list[str]] = {'': []}
    for line in lines:
        requirement, _, marker = (part.strip() for part in line.partition(';'))
        sections.setdefault(f':{marker}' if marker else '', []).append(requirement.replace(' ', ''))
    return sections


def _files(project: Project, version: str) -> dict[str, str]:
    return {
        'PKG-INFO': _pkg_info(project, version),
        'requires.txt': _sections(project.requires),
        'entry_points.txt': _sections(project.entry_points),
        'top_level.txt': 'nova\n',
        'dependency_links.txt': '\n',
        'not-zip-safe': '\n',
    }


def _pkg_info(project: Project, version: str) -> str:
    said = project.metadata
    fields = [('Metadata-Version', '1.1'), ('Name', 'nova'), ('Version', version),
              ('Summary', said.get('summary') or 'UNKNOWN'),
              ('Home-page', said.get('home-page') or said.get('url') or 'UNKNOWN'),
              ('Author', said.get('author') or 'UNKNOWN'), ('Author-email', said.get('author-email') or 'UNKNOWN'),
              ('License', said.get('license') or 'Apache-2.0'), ('Description', 'UNKNOWN'), ('Platform', 'UNKNOWN')]
    fields += [('Classifier', classifier) for classifier in project.classifiers]
    return ''.join(f'{name}: {value}\n' for name, value in fields)


def _sections(sections: dict[str, list[str]]) -> str:
    """An ini-like text; the section named '' goes first, without a header."""
    head = ''.join(f'{line}\n' for line in sections.get('', []))
    return head + ''.join('\n[{}]\n{}\n'.format(name, '\n'.join(lines))
                          for name, lines in sections.items() if name and lines)
