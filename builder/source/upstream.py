"""Gets a named release: from the local copies, from PyPI, or from upstream's git, checked against what is pinned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from builder.common import git, tools
from builder.common.environment import for_pip
from builder.common.errors import BuildError
from builder.source import cache
from builder.source.releases import Pin

UPSTREAM = 'https://opendev.org/openstack/nova'
# What git sets for its hooks.
ELSEWHERE = ('GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_NAMESPACE', 'GIT_PREFIX')
# git waits for ever for a server that accepts and stays silent; a user's hooks are for repositories of his own.
SETTINGS = ['-c', 'http.lowSpeedLimit=1000', '-c', 'http.lowSpeedTime=60', '-c', 'core.hooksPath=/dev/null']
LIMIT = 900  # seconds for one download
# pip has a source's own code say what it is before it hands the file over, and fetches tools for that; all of it would
# run as root where a person builds as root. PEP 517 names these functions.
BACKEND = '''import pathlib, sys
__legacy__ = sys.modules[__name__]
def get_requires_for_build_wheel(settings=None):
    return []
def prepare_metadata_for_build_wheel(to, settings=None):
    place = pathlib.Path(to, "nova-{version}.dist-info")
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\\nName: nova\\nVersion: {version}\\n")
    return place.name
'''
OFFLINE = ('resolve', 'connection', 'network', 'timed out', 'timeout', 'max retries', 'unable to access', 'unreachable')


def tarball(pin: Pin, work: Path) -> Path:
    """The release's tarball, downloaded when no local copy is there.

    :param work: an existing directory for downloads.
    :raises BuildError: it cannot be had, or is not what was released.
    """
    local = cache.release(pin.version)
    if local:
        return local
    return cache.keep(from_pypi(pin, work) if pin.site == 'pypi' else _from_git(pin, work))


def from_pypi(pin: Pin, work: Path) -> Path:
    """PyPI's source distribution of a release, as a file in *work*.

    :raises BuildError: there is none, or PyPI cannot be reached.
    """
    tools.need(['module:pip'])
    pip = [sys.executable, '-I', '-m', 'pip']  # not one that lies in the current directory
    wanted = work / 'wanted.txt'
    # What is pinned is compared before pip opens the file.
    wanted.write_text(f'nova=={pin.version}' + (f' --hash=sha256:{pin.sha256}' if pin.sha256 else ''), encoding='utf-8')
    _run([*pip, 'download', '--quiet', '--disable-pip-version-check', '--timeout', '30', '--retries', '3', '--no-deps',
          '--no-binary', ':all:', '--no-build-isolation', '--use-pep517', '--dest', str(work), '--requirement',
          str(wanted)], pin, {**environment(), 'PYTHONPATH': str(_backend(pin, work))})
    return next(path for path in sorted(work.iterdir()) if path.name.startswith('nova-'))


def _backend(pin: Pin, work: Path) -> Path:
    """A directory with what stands in for a source's build system: pip asks that for a name and a version, no more."""
    for module in ('setuptools/build_meta.py', 'pbr/build.py'):
        place = work / 'backend' / module
        place.parent.mkdir(parents=True)
        place.with_name('__init__.py').touch()
        place.write_text(BACKEND.format(version=pin.version), encoding='utf-8')
    return work / 'backend'


def _from_git(pin: Pin, work: Path) -> Path:
    commit, archive = fetched(pin, UPSTREAM, work)
    if commit != pin.commit:
        raise BuildError(f'the tag {pin.version} at {UPSTREAM} is commit {commit}, not the pinned {pin.commit}',
                         'do not build from it; ask upstream why the tag moved')
    return archive


def fetched(pin: Pin, repository: str, work: Path) -> tuple[str, Path]:
    """
    :param repository: URL or directory.
    :returns: the commit of a release's tag, and what that commit has, as a tarball below *work*.
    :raises BuildError: there is no such tag, or no such repository.
    """
    tools.need(['git'])
    # Not -C: safe.bareRepository = explicit forbids to find a bare repository, not to be given one.
    ours = ['git', '--git-dir', str(work / 'nova.git')]
    _run([*ours, 'init', '--quiet', '--bare', '--template='], pin, git.environment())
    # The one command that needs what the user has set: proxies, certificates, credentials, another address.
    _run([*ours, *SETTINGS, 'fetch', '--quiet', '--no-recurse-submodules', '--depth', '1', repository,
          f'refs/tags/{pin.version}'], pin)
    commit = _run([*ours, 'rev-parse', 'FETCH_HEAD^{commit}'], pin, git.environment()).strip()
    archive = work / f'nova-{pin.version}.tar.gz'
    _run([*ours, '-c', 'tar.umask=0022', 'archive', f'--prefix=nova-{pin.version}/', '-o', str(archive), commit], pin,
         git.environment())
    return commit, archive


def environment() -> dict[str, str]:
    """The user's own, for proxies and certificates, without what points git elsewhere or stops a download of pip's."""
    stays = {name: value for name, value in for_pip().items() if name not in ELSEWHERE}
    return {**stays, 'LC_ALL': 'C.UTF-8', 'GIT_TERMINAL_PROMPT': '0', 'GIT_NO_LAZY_FETCH': '1'}


def _run(command: list[str], pin: Pin, env: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(command, capture_output=True, encoding='utf-8', errors='replace', timeout=LIMIT,
                              stdin=subprocess.DEVNULL, env=env or environment())
    except OSError as error:
        raise tools.cannot_run(command[0], None, error) from None
    except subprocess.TimeoutExpired:
        raise _failed(command, f'connection too slow: it has not ended within {LIMIT} s', pin) from None
    if done.returncode:
        raise _failed(command, done.stderr, pin)
    return done.stdout


def _failed(command: list[str], said: str, pin: Pin) -> BuildError:
    where = 'PyPI' if pin.site == 'pypi' else UPSTREAM
    have = f'put nova-{pin.version}.tar.gz into {cache.directory()}, or give the path of a source'
    if any(word in said.lower() for word in OFFLINE):
        return BuildError(f'nova {pin.version} is not in {cache.directory()}, and {where} cannot be reached:\n'
                          + tools.tail(said, 3), have)
    if 'DO NOT MATCH THE HASHES' in said:
        return BuildError(f'what {where} has as nova {pin.version} is not what was released: its sha256 is not the '
                          f'pinned {pin.sha256}', 'do not build from it; see where pip gets it from: '
                          f'{Path(sys.executable).name} -m pip config list')
    if 'No matching distribution' in said:
        return BuildError(f'pip finds no nova {pin.version} on PyPI; an old pip leaves out what asks for a Python '
                          f'later than {sys.version_info[0]}.{sys.version_info[1]}', have)
    return BuildError(f'nova {pin.version} could not be had from {where}: `{" ".join(command[:3])}…` failed:\n'
                      + tools.tail(said, 5), have)
