"""Makes sure that the rpm of the nova's own day can read what today's rpmbuild wrote."""

from __future__ import annotations

from pathlib import Path

from builder import tools
from builder.errors import BuildError

# Known to rpm 4.8 (EL6): lib/rpmlib provides of that release, see `rpm --showrc`.
FEATURES = {'CompressedFileNames', 'FileDigests', 'PayloadFilesHavePrefix', 'PartialHardlinkSets',
            'VersionedDependencies'}
SHA256 = '8'


def check(package: Path) -> None:
    """:raises BuildError: naming everything about the rpm that rpm 4.8 to 4.11 cannot read."""
    bad = list(problems(package))
    if bad:
        raise BuildError(f'{package.name} cannot be installed on EL6 or EL7: {"; ".join(bad)}',
                         'report it, with the output of `rpmbuild --version`')


def problems(package: Path) -> list[str]:
    requires = query(package, '[%{REQUIRENAME}\n]')
    provides = query(package, '[%{PROVIDENAME}\n]')
    unknown = {name for name in requires if name.startswith('rpmlib(')} - {f'rpmlib({name})' for name in FEATURES}
    rich = [name for name in requires + provides if name.startswith('(')]
    payload, digest, version = query(package, '%{PAYLOADCOMPRESSOR}\n%{FILEDIGESTALGO}\n%{EVR}\n')
    return ([f'needs {name}' for name in sorted(unknown)] + [f'has the rich dependency {name}' for name in rich]
            + [f'payload is {payload}, not gzip'] * (payload != 'gzip')
            + [f'file digests are of kind {digest}, not SHA-256'] * (digest != SHA256)
            + [f'its version {version} has a ^ or ~'] * ('^' in version or '~' in version))


def query(package: Path, fields: str) -> list[str]:
    return tools.run(['rpm', '-qp', '--nosignature', '--qf', fields, package]).splitlines()
