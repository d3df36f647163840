"""The wheel, built from the sdist alone by pbr and setuptools, of pinned versions: the same bytes everywhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from builder.common import project, tools
from builder.common.environment import for_pip
from builder.source import cache, unpack

PINNED = Path(__file__).with_name('wheel_tools.txt')
# The hook of PEP 517 that pip calls, without pip: what pip does around it differs from version to version.
HOOK = 'import sys; from setuptools import build_meta; build_meta.__legacy__.build_wheel(sys.argv[1])'
PIP = ['-m', 'pip', '--disable-pip-version-check', '--quiet']
OFFLINE = 'see the lines above; where there is no package index, leave the wheel out with --source-only'


def build(sdist: Path, work: Path, *, revision: int, epoch: int) -> Path:
    """Build the wheel of an sdist.

    :param work: an empty directory.
    :returns: the wheel, below ``work``.
    :raises BuildError: the tools cannot be had, or one of them stops.
    """
    tools.need(['module:pip'])
    unpack.tar(sdist, work, documents=True)
    source = work / sdist.name.removesuffix('.tar.gz')
    install_tools(work / 'tools')
    settings = environment(work, epoch)
    run: list[str | Path] = [sys.executable, '-s']
    tools.run([*run, '-c', HOOK, work / 'made'], cwd=source, env=settings,
              hint='see the lines above; --source-only leaves the wheel out')
    made = next((work / 'made').glob('*.whl'))
    # Not bdist_wheel's --build-number: it gives the .data directory a name that the format does not know.
    tools.run([*run, '-m', 'wheel', 'tags', '--remove', '--build', tag(revision, project.label()), made],
              cwd=work / 'tools', env=settings)
    return next((work / 'made').glob('*.whl'))


def tag(revision: int, made_by: str) -> str:
    """The build tag, ``1cascading2``; of two wheels of a version, pip takes that with the higher number in front.

    :param made_by: version of the project.
    """
    return f'{revision}cascading{re.sub("[^A-Za-z0-9.]+", "_", made_by)}'


def install_tools(to: Path) -> None:
    """Put what PINNED names into a directory, from the cache of sources or else from the package index."""
    kept = cache.directory()
    install: list[str | Path] = [sys.executable, '-I', *PIP, 'install', '--no-deps', '--no-index', '--only-binary',
                                 ':all:', '--require-hashes', '--no-compile', '--find-links', kept, '--target', to,
                                 '--requirement', PINNED]
    offline = for_pip(offline=True)
    if tools.attempt(install, env=offline).returncode == 0:
        return
    tools.run([sys.executable, '-I', *PIP, 'download', '--no-deps', '--only-binary', ':all:', '--require-hashes',
               '--dest', kept, '--requirement', PINNED], env=for_pip(), hint=OFFLINE)
    tools.run(install, env=offline, hint=f'see the lines above; {kept} has what was downloaded')


def environment(work: Path, epoch: int) -> dict[str, str]:
    """Nothing of the caller's: the same variables give the same bytes."""
    return {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8', 'HOME': str(work), 'TMPDIR': str(work),
            'PYTHONPATH': str(work / 'tools'), 'PYTHONDONTWRITEBYTECODE': '1', 'PYTHONHASHSEED': '0',
            'SOURCE_DATE_EPOCH': str(epoch), 'GIT_CEILING_DIRECTORIES': str(work)}
