"""Registers what a Debian userspace already has as one rpm, so that dnf can resolve against it.

Usage: rpm-system-base.py RELEASEVER; run inside the host. Requirements: rpmbuild.
"""

import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile

# Debian package -> the rpm that holds the same on EL.
TOOLS = {'openssl': 'openssl', 'sudo': 'sudo', 'systemd': 'systemd', 'passwd': 'shadow-utils', 'python3-mysqldb': 'MySQL-python'}
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


def distributions(paths=None, python='%d.%d' % sys.version_info[:2]):
    """pythonX.Ydist(name) = version of every installed Python distribution, under both spellings of its name."""
    found = importlib.metadata.distributions(path=paths) if paths else importlib.metadata.distributions()
    for one in found:
        version = re.match(r'\d+(\.\d+)*', one.version or '')
        for name in {re.sub('[-_.]+', '-', one.metadata['Name'] or '').lower(), re.sub('[-_]+', '-', one.metadata['Name'] or '').lower()}:
            if name and version:
                yield 'python%sdist(%s) = %s' % (python, name, re.sub(r'(\.0)+$', '', version.group()))


def python2_packages():
    """EL's names of the Python 2 modules that nova of 2014 wants, where this host has them in a directory of its own."""
    names = '/usr/share/icehouse/rpm-names'
    if os.path.exists(names):
        for line in open(names):
            if not line.startswith('#') and line.split()[1] != '-':
                yield line.split()[1]
        yield 'MySQL-python'


def provides(release):
    python = '%d.%d' % sys.version_info[:2]
    yield from distributions()
    yield from python2_packages()
    yield from ('system-release = ' + release, 'system-release(releasever) = ' + release)
    yield from ('python3 = ' + python, 'python(abi) = ' + python)
    if os.path.exists('/usr/bin/python2.7'):
        yield from ('python = 2.7', 'python2 = 2.7', 'python(abi) = 2.7')
    installed = subprocess.check_output(['dpkg-query', '-W', '-f', '${Package}\n'], text=True).split()
    yield from (rpm for deb, rpm in TOOLS.items() if deb in installed)
    for directory in ('/bin', '/sbin', '/usr/bin', '/usr/sbin'):
        yield from (directory + '/' + name for name in os.listdir(directory) if re.fullmatch('[A-Za-z0-9_.+-]+', name))


def main(release):
    lines = ('Provides: ' + line for line in sorted(set(provides(release))))
    with tempfile.TemporaryDirectory() as work:
        spec = os.path.join(work, 'system-base.spec')
        with open(spec, 'w') as text:
            text.write(SPEC.format(release=release, provides='\n'.join(lines)))
        subprocess.check_call(['rpmbuild', '--quiet', '-bb', '--define', '_topdir ' + work, spec])
        subprocess.check_call(['rpm', '-i', os.path.join(work, 'RPMS/noarch/system-base-%s-1.noarch.rpm' % release)])


main(sys.argv[1])
