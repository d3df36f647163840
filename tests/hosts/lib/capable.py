"""Whether this machine can run test hosts: found out once, by trying the very steps, in a second.

Run as a program, it prints what is lacking and ends with 1, or prints nothing and ends with 0.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from builder.common import aptsources
from tests.hosts.lib import disks

# The namespaces and the mount of enter-root.sh, and a device node as mmdebstrap makes them.
TRIAL = '''
mkdir lower upper work root
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work,volatile root
mount -t proc proc root
mknod node c 1 3
'''
SPACES = ['unshare', '--mount', '--uts', '--ipc', '--net', '--pid', '--fork', '--propagation', 'private']
# A test host is entered by its mount namespace, whose root is not that of a chroot: tests would change the machine.
SAME_ROOT = 'test "$(stat -c %d:%i /)" = "$(nsenter -t $$ -m stat -c %d:%i /)" || exit 9'
SECONDS = 5
TOOLS = {'mmdebstrap': 'mmdebstrap', 'nsenter': 'util-linux', 'setpriv': 'util-linux', 'ip': 'iproute2'}


@functools.cache
def lacking() -> str:
    """What this machine lacks to run test hosts, with what to do about it; '' when it lacks nothing."""
    if os.geteuid() != 0:
        return 'needs root: sudo ./build.sh test'
    if subprocess.call(['unshare', '-m', '--propagation', 'unchanged', 'sh', '-c', SAME_ROOT], stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL) == 9:
        return 'cannot be in a chroot, from which tests would reach the machine itself: use a container or a machine'
    with tempfile.TemporaryDirectory(prefix=disks.PREFIX, dir=disks.place()) as work:
        words = [*SPACES, 'sh', '-euc', TRIAL]
        try:
            done = subprocess.run(words, cwd=work, capture_output=True, text=True, timeout=60,
                                  stdin=subprocess.DEVNULL)
        except OSError as error:
            return f'needs unshare of util-linux ({error.strerror})'
    if done.returncode == 0:
        return ''
    said = (done.stderr.strip().splitlines() or ['no message'])[0]
    return f'needs root with CAP_SYS_ADMIN and CAP_MKNOD, and overlayfs ({said}); in a container: --privileged'


def toolless() -> str:
    """Which tools are missing; '' when none is."""
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    return f'needs tools: apt-get install {" ".join(missing)}' if missing else ''


def sourceless(suite: str = 'bookworm') -> str:
    """Why no packages for test hosts can be had; '' when they can."""
    try:
        sources = dict(line.split(': ', 1) for line in aptsources.for_suite(suite).split('\n\n')[0].splitlines())
    except LookupError as error:
        return str(error)
    address = f'{sources["URIs"].rstrip("/")}/dists/{sources["Suites"].split()[0]}/InRelease'
    with tempfile.TemporaryDirectory() as work:
        options = [word for line in ('Acquire::Retries=0', f'Acquire::http::Timeout={SECONDS}',
                                     f'Acquire::https::Timeout={SECONDS}', 'APT::Sandbox::User=root')
                   for word in ('-o', line)]
        words = ['/usr/lib/apt/apt-helper', *options, 'download-file', address, Path(work, 'InRelease')]
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return '' if done.returncode == 0 else f'needs packages of Debian, and {address} cannot be reached'


if __name__ == '__main__':
    missing = lacking()
    print(missing, end='')
    sys.exit(1 if missing else 0)
