"""The fork's package is the distribution's plus the verified delta, and nothing else."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.hosts.lib import debs, packages

# What comes with the package besides nova's own tree; see README.md.
OWN_PLACES = re.compile(r'\./usr/bin/nova-cascading$'
                        r'|\./usr/lib/systemd/system/nova-[\w-]+\.service\.d/50-nova-cascading\.conf$'
                        r'|\./usr/lib/systemd/system/(multi-user\.target\.wants/)?nova-cascading-catch-up\.service$'
                        r'|\./usr/share/python3-nova-cascading/(apt-guard|apt\.conf|needrestart\.conf)$|\./etc/apt/apt\.conf\.d/50python3-nova-cascading$'
                        r'|\./etc/needrestart/conf\.d/python3-nova-cascading\.conf$'
                        r'|\./usr/share/(doc|lintian/overrides)/python3-nova-cascading(/|$)'
                        r'|\./usr/share/man/man8/nova-cascading\.8\.gz$')
STOCK_PLACES = re.compile(r'\./usr/share/(doc|lintian/overrides)/python3-nova(/|$)')
RELATIONS = {'Package', 'Source', 'Version', 'Maintainer', 'Installed-Size', 'Provides', 'Conflicts', 'Replaces',
             'Description', 'Homepage', 'Section', 'Priority', 'Nova-Cascading-Version', 'Nova-Cascading-Made-Of'}


@pytest.fixture(scope='module', params=debs.SUITES)
def pair(request, fork_of) -> tuple[Path, Path, set[str]]:
    """The stock package, the fork's, and the files of nova that the fork's patches say they change."""
    directory = fork_of(request.param, 1, *debs.DEB)
    return packages.stock_debs(request.param)[debs.STOCK], packages.library(directory), patched(directory)


def test_every_file_of_stock_is_there_unchanged_but_for_the_patched_ones(pair):
    stock, fork, changed = (files(pair[0]), files(pair[1]), pair[2])
    site = './usr/lib/python3/dist-packages/'
    differing = {name for name, what in stock.items() if fork.get(name) != what and not STOCK_PLACES.match(name)}
    assert {name for name in differing if name not in fork} == set()
    assert differing <= {site + name for name in changed}
    assert differing, 'the fork changes nothing'


def test_every_additional_file_is_part_of_the_fork(pair):
    stock, fork, changed = (files(pair[0]), files(pair[1]), pair[2])
    site = './usr/lib/python3/dist-packages/'
    added = {name for name in fork if name not in stock and not OWN_PLACES.match(name)}
    assert added <= {site + name for name in changed}


def test_only_the_relations_that_make_it_a_stand_in_differ(pair):
    stock, fork = packages.fields(pair[0]), packages.fields(pair[1])
    assert {name for name in {*stock, *fork} if stock.get(name) != fork.get(name)} <= RELATIONS
    assert f'python3-nova (= {stock["Version"]})' in fork['Provides']


def patched(directory: Path) -> set[str]:
    """The files that the source package's patches name, relative to the directory that holds nova/."""
    [tarball] = directory.glob('*.debian.tar.xz')
    with tarfile.open(tarball) as archive:
        patches = [archive.extractfile(member).read().decode() for member in archive
                   if member.isfile() and member.name.endswith('.patch')]
    return {name for text in patches for name in re.findall(r'^\+\+\+ [^/\s]+/(?:nova-[^/]+/)?(nova/\S+)', text, re.M)}


def files(deb: Path) -> dict[str, tuple]:
    """Path -> mode and content of each file of a package."""
    data = subprocess.run(['dpkg-deb', '--fsys-tarfile', deb], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: (member.mode, member.linkname, member.isfile() and archive.extractfile(member).read())
                for member in archive if not member.isdir()}
