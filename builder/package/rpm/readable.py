"""Makes sure that the rpm of the nova's own day can read what today's rpmbuild wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from builder.common import rpmquery
from builder.common.errors import BuildError

# Known to rpm 4.8 (EL6): lib/rpmlib provides of that release, see `rpm --showrc`.
FEATURES = {'CompressedFileNames', 'FileDigests', 'PayloadFilesHavePrefix', 'PartialHardlinkSets',
            'VersionedDependencies'}
SHA256 = '8'


# What version 4 of the format has in every package: digests that rpm 4 verifies. Version 6 left both out.
DIGESTS = ('SIGMD5', 'SHA1HEADER')


def check(package: Path, *, of_2014: bool) -> None:
    """
    :param of_2014: for EL6 and EL7 (rpm 4.8 to 4.11), not only for what reads version 4 of the format.
    :raises BuildError: naming everything about the rpm that the target's rpm cannot read.
    """
    bad = list(format_problems(package)) + (problems(package) if of_2014 else [])
    if bad:
        target = 'EL6 or EL7' if of_2014 else 'hosts with rpm 4'
        raise BuildError(f'{package.name} cannot be installed on {target}: {"; ".join(bad)}',
                         'report it, with the output of `rpmbuild --version`')


def format_problems(package: Path) -> Iterator[str]:
    """What of it only rpm 6 reads, whichever rpm looks at it."""
    for digest, value in zip(DIGESTS, query(package, '\n'.join(f'%{{{name}}}' for name in DIGESTS))):
        if value == '(none)':
            yield f'it has no {digest}, so is not of version 4 of the format'


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
    return rpmquery.query(fields, [package]).splitlines()
