"""What verify looks at in a yum repository: metadata, its signature, and the signature in every rpm."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from builder.common import workplace
from builder.repository import isolated, keys, yum
from builder.repository.checked import Checked
from builder.repository.state import Suite

REPO = '{http://linux.duke.edu/metadata/repo}'
COMMON = '{http://linux.duke.edu/metadata/common}'
BATCH = 200


def problems(tree: Checked, name: str, suite: Suite, signers: set[str]) -> Iterator[str]:
    top = yum.directory(name)
    repomd = tree.read(f'{top}/repodata/repomd.xml')
    if not signers <= keys.check(tree.ring, tree.read(f'{top}/repodata/repomd.xml.asc'), repomd)[0].keys():
        yield f'{top}/repodata/repomd.xml: no good signature by every key of the repository'
        return
    metadata = ElementTree.fromstring(repomd)
    if metadata.findtext(f'{REPO}revision') != str(suite.time):
        yield f'{top}/repodata/repomd.xml: of another publish than the rest of the repository'
    for data in metadata.iter(f'{REPO}data'):
        path = f'{top}/{href(data, REPO)}'
        if tree.found.get(path) != data.findtext(f'{REPO}checksum'):
            yield f'{path}: not what repomd.xml says'
        elif data.get('type') == 'primary':
            yield from listed_problems(tree, top, path, suite)
    yield from signature_problems(tree, suite)


def href(element: ElementTree.Element, space: str) -> str:
    location = element.find(f'{space}location')
    return '' if location is None else location.get('href', '')


def listed_problems(tree: Checked, top: str, primary: str, suite: Suite) -> Iterator[str]:
    """The metadata names exactly what the suite offers, with the right hashes."""
    packages = ElementTree.fromstring(gzip.decompress(tree.read(primary))).iter(f'{COMMON}package')
    offered = {f'{top}/{href(package, COMMON)}': package.findtext(f'{COMMON}checksum') for package in packages}
    for path in sorted(offered.keys() ^ suite.packages.keys()):
        yield f'{path}: is in the metadata or in the list of packages, not in both'
    for path in sorted(offered.keys() & suite.packages.keys()):
        if offered[path] != tree.found.get(path):
            yield f'{path}: the metadata has another hash of it'


def signature_problems(tree: Checked, suite: Suite) -> Iterator[str]:
    """Every rpm carries a signature by a trusted key, as `gpgcheck=1` will ask."""
    paths = sorted(suite.packages)
    with workplace.directory() as work:
        rpmkeys = ['rpmkeys', '--dbpath', work, '--define', '_pkgverify_level all']
        key = Path(work) / 'keys.asc'
        key.write_bytes(tree.read('nova-cascading.asc'))
        subprocess.run([*rpmkeys, '--import', key], capture_output=True, env=isolated.environment())
        for start in range(0, len(paths), BATCH):
            for path in yum.unreadable(paths[start:start + BATCH], tree.root):
                yield f'{path}: its header has no RSA signature: rpm before 6 takes it for unsigned'
            done = subprocess.run([*rpmkeys, '--checksig', *paths[start:start + BATCH]], cwd=tree.root,
                                  capture_output=True, text=True, env=isolated.environment())
            bad = [line for line in done.stdout.splitlines() if not line.endswith(': digests signatures OK')]
            yield from bad
            if done.returncode and not bad:
                yield f'its rpms could not be looked at: rpmkeys --checksig ended with {done.returncode}: ' \
                    f'{done.stderr.strip()}'
