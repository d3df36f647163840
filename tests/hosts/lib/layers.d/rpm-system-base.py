"""Registers what a Debian userspace already has as one rpm, so that dnf can resolve against it.

Usage: rpm-system-base.py RELEASEVER; run inside the host. Requirements: rpmbuild.
"""

import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

PYTHON = f'{sys.version_info.major}.{sys.version_info.minor}'
# Debian package -> the rpm that holds the same on EL.
TOOLS = {'openssl': 'openssl', 'sudo': 'sudo', 'systemd': 'systemd', 'passwd': 'shadow-utils'}
# EL's names of Python 2 modules, where the host has them in a directory of its own.
PYTHON2_NAMES = Path('/usr/local/lib/python2-names')
SPEC = """Name: system-base
Version: {release}
Release: 1
Summary: What this host already has
License: none
BuildArch: noarch
AutoReqProv: no
{provides}
%description
Stands in for the distribution's own packages.
%files
"""


def distributions():
    """pythonX.Ydist(name) = version of every installed Python distribution, under both spellings of its name."""
    for found in metadata.distributions():
        number = re.match(r'\d+(\.\d+)*', found.version or '')
        name = (found.metadata['Name'] or '').lower()
        for spelling in {re.sub('[-_.]+', '-', name), re.sub('[-_]+', '-', name)} if number else ():
            yield f'python{PYTHON}dist({spelling}) = {re.sub("([.]0)+$", "", number.group())}'


def python2():
    known = [line.split()[1] for line in PYTHON2_NAMES.read_text().splitlines() if not line.startswith('#')]
    return ['python = 2.7', 'python(abi) = 2.7', 'MySQL-python', *(name for name in known if name != '-')]


def programs():
    for directory in ('/bin', '/sbin', '/usr/bin', '/usr/sbin'):
        yield from (str(path) for path in Path(directory).iterdir() if re.fullmatch('[\\w.+-]+', path.name))


def provides(release):
    yield from (f'system-release = {release}', f'system-release(releasever) = {release}')
    yield from (f'python3 = {PYTHON}', f'python(abi) = {PYTHON}')
    yield from distributions()
    yield from python2() if PYTHON2_NAMES.exists() else ()
    installed = subprocess.check_output(['dpkg-query', '-W', '-f', '${Package}\n'], text=True).split()
    yield from (rpm for deb, rpm in TOOLS.items() if deb in installed)
    yield from programs()


def main(release):
    lines = (f'Provides: {line}' for line in sorted(set(provides(release))))
    with tempfile.TemporaryDirectory() as work:
        spec = Path(work, 'system-base.spec')
        spec.write_text(SPEC.format(release=release, provides='\n'.join(lines)))
        subprocess.check_call(['rpmbuild', '--quiet', '-bb', '--define', f'_topdir {work}', spec])
        subprocess.check_call(['rpm', '-i', f'{work}/RPMS/noarch/system-base-{release}-1.noarch.rpm'])


main(sys.argv[1])
