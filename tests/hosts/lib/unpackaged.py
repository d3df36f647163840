"""Hosts whose nova no package manager owns: from PyPI in a virtualenv, or an Icehouse tarball."""

from __future__ import annotations

import functools
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from builder.common.project import PROJECT
from builder.package import egginfo
from builder.source.obtain import obtain
from tests.hosts.lib import icehouse, packages  # noqa: F401  icehouse registers the layer that its tarballs stand on
from tests.hosts.lib.host import Host
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register

DATA = PROJECT / 'tests' / 'data'
VENV = '/opt/my stack/venv'
TARBALL = '/opt/open stack'
INSIDE = Path(__file__).with_name('inside')


@dataclass(frozen=True)
class Unpackaged:
    """A nova release as such hosts have it.

    :param version: nova's own.
    :param suite: the Debian release that has its Python.
    :param python: the interpreter that runs it, in the host.
    :param parent: the directory that holds ``nova/``, in the host.
    :param programs: where nova-manage and nova-conductor are.
    :param way: how it was put there: the first word of its layer.
    """

    version: str
    suite: str
    python: str
    parent: str
    programs: str
    way: str = 'pip'

    @property
    def layer(self) -> str:
        return f'{self.way}-{self.version}'


def of_pip(version: str, suite: str, python: str, base: str) -> Unpackaged:
    settings = f"NOVA={version} VENV='{VENV}' PYTHON={python}\n"
    constraints = (DATA / f'nova-{version}-constraints.txt').read_text()
    register(f'pip-{version}-bare', base=base, script=settings + script('unpackaged-pip'),
             files={'/usr/share/nova-constraints.txt': constraints})
    register(f'pip-{version}', base=f'pip-{version}-bare', online=False,
             script=settings + script('unpackaged-configured'))
    return Unpackaged(version, suite, f'{VENV}/bin/python', f'{VENV}/lib/{python}/site-packages', f'{VENV}/bin')


def of_tarball(version: str) -> Unpackaged:
    def unpack(root: Path) -> None:
        with tempfile.TemporaryDirectory() as work:
            tree = obtain(version, Path(work))
            target = root / TARBALL.lstrip('/')
            target.mkdir()
            subprocess.run(['cp', '-a', tree.path / 'nova', target], check=True)
            subprocess.run(['chown', '-R', 'root:root', target], check=True)
            egginfo.ensure(tree, target)

    settings = f"TREE='{TARBALL}' VENV=/usr/local\n"
    register(f'tarball-{version}', base='icehouse', prepare=unpack, made_of=[egginfo.__file__], online=False,
             script=settings + script('unpackaged-tarball') + script('unpackaged-configured'))
    return Unpackaged(version, 'bullseye', '/usr/bin/python2.7', TARBALL, '/usr/local/bin', 'tarball')


ICEHOUSE = [of_tarball(version) for version in ('2014.1', '2014.1.2', '2014.1.5')]
PIP = [of_pip('15.1.5', 'bullseye', 'python2.7', 'py27'), of_pip('26.3.0', 'bookworm', 'python3.11', 'pip-host'),
       of_pip('34.0.0', 'trixie', 'python3.13', 'pip-host')]


@functools.cache
def bundle(version: str) -> Path:
    """The unpacked bundle that ``./build.sh installer VERSION`` makes."""
    to = Path(tempfile.mkdtemp(prefix='bundle-'))
    with tarfile.open(packages.made_by('installer', version) / f'nova-cascading-{version}-installer.tar.gz') as archive:
        archive.extractall(to)
    return to / f'nova-cascading-{version}-installer'


def fingerprint(host: Host, *folders: str) -> set[str]:
    """Lines about every file and folder below some folders of a host: sha256, mode, owner, time, number of links.

    A folder that an overlay has merged counts one link, so folders' numbers are left out.
    """
    words = ' '.join(f"'{folder}'" for folder in folders)
    told = '%p %y %m %U:%G %T@ %l'
    listed = host.run(f'find {words} -type d -printf "{told}\\n" -o -printf "{told} %n\\n"').out
    summed = host.run(f'find {words} -type f -print0 | xargs -0 sha256sum').out
    return set(listed.splitlines()) | set(summed.splitlines())
