"""Runs a build inside a fresh, minimal system of another Debian suite; nothing of that system stays."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path

from builder.common import aptsources
from builder.common.tools import need, run

CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'


def build(suite: str, packages: Sequence[str], source: Path, script: str, out: Path) -> None:
    """Copy *source* into a chroot, run *script* there, and bring back what it left in /out.

    :param suite: code name of the Debian release to build in, from the mirrors this host is configured for.
    :param packages: what the script needs there.
    :param source: directory; its contents are in the script's working directory, /build.
    :param script: POSIX shell; whatever it puts into /out is copied into *out*.
    :raises BuildError: when the chroot cannot be made or the script fails.
    """
    need(['mmdebstrap'])
    inside = f'mkdir /out; cd /build; {script}'
    hooks = ['mkdir "$1/build"', f'sync-in {source} /build', *certificates(),
             f'chroot "$1" sh -euxc {shlex.quote(inside)} >&2', f'sync-out /out {out}']
    with tempfile.NamedTemporaryFile('w', suffix='.sources') as mirrors, aptsources.acquire_options() as handed_on:
        mirrors.write(aptsources.for_suite(suite))
        mirrors.flush()
        run(['mmdebstrap', '--variant=minbase', '--format=null', f'--include={",".join(packages)}',
             *handed_on, *(f'--customize-hook={hook}' for hook in hooks), suite, '/dev/null', mirrors.name])


def certificates() -> list[str]:
    """Where pip is told of certificates, the chroot gets the same ones."""
    given = os.environ.get('PIP_CERT')
    return [f'upload {given} {CERTIFICATES}'] if given else []

