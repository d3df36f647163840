"""The Ansible collection for fleets, as `ansible-galaxy collection build` makes it, but the same bytes everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from builder.common import project
from builder.common.files import sha256
from builder.common.project import PROJECT
from builder.package import archive
from builder.package.archive import FILE, FOLDER, Member
from builder.package.rpm import preflight

SOURCE = PROJECT / 'ansible'
# The role carries the one file that the packages ask the databases with.
PREFLIGHT = f'roles/preflight/files/{preflight.NAME}'
# And the one that the installer judges with who can write what root runs.
TRUST = 'roles/fork/files/trust.py'
NOT_SHIPPED = {'galaxy.yml'}
LISTS = ('authors', 'license', 'tags')


def name() -> str:
    """Of the file: nova_cascading-fleet-VERSION.tar.gz."""
    about = galaxy()
    return f'{about["namespace"]}-{about["name"]}-{about["version"]}.tar.gz'


def build(epoch: int) -> bytes:
    """The collection.

    :param epoch: the time of all files in it, seconds since 1970.
    """
    members = contents()
    listed = dump({'files': [entry('.', None), *listing(members)], 'format': 1})
    manifest = {'collection_info': information(), 'format': 1,
                'file_manifest_file': entry('FILES.json', listed)}
    return archive.packed(with_folders({'MANIFEST.json': dump(manifest), 'FILES.json': listed, **members}), epoch)


def contents() -> dict[str, bytes]:
    """path in the collection -> content."""
    own = {path.relative_to(SOURCE).as_posix(): path.read_bytes() for path in project.files(SOURCE)}
    own = {path: content for path, content in own.items() if path not in NOT_SHIPPED}
    return {**own, 'LICENSE': (PROJECT / 'LICENSE').read_bytes(), PREFLIGHT: preflight.text().encode(),
            TRUST: (PROJECT / 'installation/installer/trust.py').read_bytes()}


def galaxy() -> dict[str, Any]:
    """galaxy.yml, whose values are words and lists of words."""
    text = (SOURCE / 'galaxy.yml').read_text(encoding='utf-8')
    words: dict[str, Any] = dict(re.findall(r'^(\w+): (.+)$', text, re.MULTILINE))
    lists = re.findall(r'^(\w+):\n((?:  - .+\n)+)', text, re.MULTILINE)
    return {**words, **{key: [line[4:].strip('"') for line in lines.splitlines()] for key, lines in lists}}


def information() -> dict[str, Any]:
    """What MANIFEST.json says about the collection."""
    about = {key: value for key, value in galaxy().items() if key != 'build_ignore'}
    return {'dependencies': {}, 'license_file': None, **about}


def listing(members: dict[str, bytes]) -> list[dict[str, Any]]:
    """The entries of FILES.json: every directory and every file."""
    folders = {parent.as_posix() for path in members for parent in Path(path).parents} - {'.'}
    every: dict[str, bytes | None] = {**dict.fromkeys(folders), **members}
    return [entry(path, every[path]) for path in sorted(every)]


def entry(path: str, content: bytes | None) -> dict[str, Any]:
    """
    :param content: None of a directory.
    """
    is_file = content is not None
    return {'name': path, 'ftype': 'file' if is_file else 'dir', 'chksum_type': 'sha256' if is_file else None,
            'chksum_sha256': sha256(content) if content is not None else None, 'format': 1}


def dump(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + '\n').encode()


def with_folders(members: dict[str, bytes]) -> dict[str, Member]:
    """The files with the directories that hold them, each before its content, as ansible-galaxy wants them."""
    every: dict[str, Member] = {}
    for path, content in members.items():
        for folder in [*reversed(Path(path).parents)][1:]:
            every.setdefault(folder.as_posix(), Member(FOLDER, b''))
        every[path] = Member(FILE, content)
    return every
