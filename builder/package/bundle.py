"""The bundle that installs a fork where no package manager owns nova: one tarball, with checksums and a signature."""

from __future__ import annotations

import json
from pathlib import Path

from builder.common import project
from builder.common.files import sha256
from builder.common.model import Fork
from builder.common.project import PROJECT
from builder.fork import quilt
from builder.package import archive
from builder.package.archive import EXECUTABLE, FILE, Member

INSTALLATION = PROJECT / 'installation'
SCRIPTS = ('install.sh', 'uninstall.sh')


def top(made: Fork) -> str:
    """Name of the one directory in the bundle."""
    return f'nova-cascading-{made.tree.version}-installer'


def write(made: Fork, out: Path, *, commit: str, epoch: int) -> Path:
    """Write the bundle of a fork.

    :param commit: which nova-cascading makes it, for people and for the manifest.
    :param epoch: seconds since 1970 that all times in it have (reproducible-builds.org).
    """
    members = contents(made, commit)
    members['SHA256SUMS'] = ''.join(f'{sha256(data)}  {name}\n' for name, data in sorted(members.items())).encode()
    path = out / f'{top(made)}.tar.gz'
    named = {f'{top(made)}/{name}': Member(EXECUTABLE if name.endswith(SCRIPTS) else FILE, data)
             for name, data in sorted(members.items())}
    path.write_bytes(archive.packed(named, epoch))
    return path


def contents(made: Fork, commit: str) -> dict[str, bytes]:
    """Every member of the bundle but its checksums: name -> content."""
    changes = changed(made)
    members = {path: after for path, (_, after) in changes.items()}
    members |= {f'original/{path}': before for path, (before, _) in changes.items() if before is not None}
    members |= {f'patches/{name}': content for name, content in quilt.files(made).items()}
    members['manifest.json'] = manifest(made, changes, commit)
    members |= {f'installation/{path.relative_to(INSTALLATION).as_posix()}': path.read_bytes()
                for path in project.files(INSTALLATION) if path.suffix in ('.sh', '.py')}
    words = {'version': made.tree.version, 'origin': made.tree.made_of, 'commit': commit}
    members['README'] = (INSTALLATION / 'README.in').read_text().format(**words).encode()
    members['LICENSE'] = (PROJECT / 'LICENSE').read_bytes()
    return members


def changed(made: Fork) -> dict[str, tuple[bytes | None, bytes]]:
    """path -> (content before the first patch or None, content after the last)."""
    found: dict[str, tuple[bytes | None, bytes]] = {}
    for patch in made.patches:
        for path, (before, after) in patch.files.items():
            found[path] = (found[path][0] if path in found else before, after)
    return found


def manifest(made: Fork, changes: dict[str, tuple[bytes | None, bytes]], commit: str) -> bytes:
    """The sha256 of every file that changes, before and after, and of every other Python file of that nova."""
    files = {path: {'before': sha256(before) if before is not None else None, 'after': sha256(after)}
             for path, (before, after) in changes.items()}
    others = sorted((made.tree.path / 'nova').rglob('*.py'))
    tree = {path.relative_to(made.tree.path).as_posix(): sha256(path) for path in others}
    text = {'version': made.tree.version, 'origin': made.tree.made_of, 'commit': commit, 'files': files,
            'tree': {path: known for path, known in tree.items() if path not in files}}
    return (json.dumps(text, indent=1, sort_keys=True) + '\n').encode()


def checksum(bundle: Path) -> Path:
    path = bundle.with_name(bundle.name + '.sha256')
    path.write_text(f'{sha256(bundle)}  {bundle.name}\n')
    return path
