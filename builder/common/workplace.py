"""Where temporary files go: a directory in which programs can be run and whose name every tool can take."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from builder.common import writers
from builder.common.errors import BuildError

# rpm's macros and make take a name apart at anything else.
PLAIN = re.compile(r'[\w./+-]+', re.ASCII)


@cache
def settle() -> None:
    """Make TMPDIR, for this process and its tools, the first directory that serves: the user's own, else the system's.

    :raises BuildError: none does; what is wrong with each is told.
    """
    problems = {}
    for place in dict.fromkeys([given(), '/tmp', '/var/tmp']):
        problems[place] = problem(place)
        if not problems[place]:
            tempfile.tempdir = os.environ['TMPDIR'] = place
            return
    raise BuildError('there is no place for temporary files: '
                     + '; '.join(f'{place} {why}' for place, why in problems.items()),
                     'TMPDIR=/a/directory ./build.sh …, on a file system with some 200 MB that may run programs')


@contextmanager
def directory() -> Iterator[str]:
    """A temporary directory in which files get the modes and the group that they are made with.

    A default ACL of TMPDIR (acl(5)) would count instead of the umask, its setgid bit would give another group.
    """
    with tempfile.TemporaryDirectory(prefix='nova-cascading-') as made:
        with suppress(OSError):  # it has none, or its file system knows none
            os.removexattr(made, 'system.posix_acl_default')
        Path(made).chmod(0o700)
        yield made


def given() -> str:
    return os.environ.get('TMPDIR') or '/tmp'


def problem(place: str) -> str:
    """Why a directory does not serve; '' when it does."""
    if not Path(place).is_dir():
        return 'is no directory'
    if not PLAIN.fullmatch(place) or not place.startswith('/'):
        return 'has a name that rpmbuild and make would take apart'
    if weak := writers.weakness(Path(place)):
        return f'lets other users put programs in the place of those that run there: {weak}'
    try:
        with tempfile.TemporaryDirectory(prefix='nova-cascading-', dir=place) as work:
            script = Path(work) / 'try'
            script.write_text('#!/bin/sh\n')
            script.chmod(0o755)
            return '' if subprocess.run([script], stdin=subprocess.DEVNULL).returncode == 0 else 'runs no programs'
    except PermissionError as error:
        return 'runs no programs (noexec)' if str(error.filename).endswith('/try') \
            else 'cannot be written'
    except OSError as error:
        return f'cannot be used: {error.strerror}'
