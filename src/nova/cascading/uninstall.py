"""The way back to the stock nova: prints the safe commands of this host, or runs them."""

from __future__ import print_function

import os
import subprocess
import sys

from nova.cascading import services

PACKAGES = ('python3-nova-cascading', 'python-nova-cascading')
# Where the installer for hosts without packages leaves its way back.
INSTALLED = '/var/lib/nova-cascading/installer/installation/uninstall.sh'


def configure(parser):
    """Options of ``nova-cascading uninstall``."""
    parser.add_argument('--yes', action='store_true', help='run the commands instead of printing them')


def run(args, conf):
    """Print or run the way back; column and mappings stay in the database either way.

    :returns: exit status: 0; 1 when nobody knows how the fork came here, or when a command failed.
    """
    commands = way_back()
    if not commands:
        sys.stderr.write('neither dpkg nor rpm has the fork installed, and no installer left {0}.\n'
                         'Next: put your own nova back; its database needs nothing.\n'.format(INSTALLED))
        return 1
    for stock in missing():
        sys.stderr.write('apt offers no {0} on this host. Next: put its .deb here, then: '
                         'apt-get install ./{0}_*.deb\n'.format(stock))
        return 1
    if args.yes:
        return carry_out(commands)
    print('To go back to the stock nova (column and mappings stay, no database step is needed):\n')
    for command in commands:
        print('    ' + command)
    print('\nDo not remove or purge the fork alone: the nova services depend on it and would go too, with purge their\n'
          'configuration as well. `nova-cascading uninstall --yes` runs the lines above.')
    return 0


def carry_out(commands):
    for command in commands:
        print(command)
        sys.stdout.flush()
        if subprocess.call(command, shell=True):
            sys.stderr.write('that failed. Next: see why, then run it and what follows it: {0}\n'.format(
                '; '.join(commands[commands.index(command):])))
            return 1
    return 0


def way_back():
    """The shell lines that bring the stock nova back on this host, in order; none when nobody knows the fork here."""
    for own in PACKAGES:
        stock = own.replace('-cascading', '')
        if deb_installed(own):
            return [apt_line(stock, companions(own))] + restarts()
        if rpm_installed(own):
            return [rpm_swap(own, stock)]  # its scriptlets restart what runs
    return ['sh {0}'.format(INSTALLED)] if os.path.exists(INSTALLED) else []


def missing():
    """The stock package, if apt has none: asked for it, apt would take the fork for it, do nothing, exit 0."""
    for own in PACKAGES:
        stock = own.replace('-cascading', '')
        if deb_installed(own) and 'Package: {0}\n'.format(stock) not in services.output(['apt-cache', 'show', stock]):
            return [stock]
    return []


def restarts():
    return [' '.join(command) for batch in services.batches(services.running())
            for command in services.restart_commands(batch)]


def deb_installed(package):
    if not services.which('dpkg-query'):
        return False
    return services.output(['dpkg-query', '-W', '-f', '${Status}', package]).startswith(('install', 'hold'))


def companions(own):
    """(name, stock version) of service packages that were re-versioned for a dpkg without versioned Provides."""
    listed = services.output(['dpkg-query', '-W', '-f', '${Package} ${Version}\\n', 'nova-*'])
    packages = [line.split() for line in listed.splitlines() if '+cascading' in line]
    return [(name, version.rpartition('+cascading')[0]) for name, version in packages if name != own]


def apt_line(stock, reversioned):
    if not reversioned:
        return 'apt-get install -y {0}'.format(stock)
    exact = ['{0}={1}'.format(name, version) for name, version in [(stock, reversioned[0][1])] + reversioned]
    is_old = services.output(['apt-get', '--version']).startswith(('apt 0.', 'apt 1.0'))
    return 'apt-get install -y {0} {1}'.format('--force-yes' if is_old else '--allow-downgrades', ' '.join(exact))


def rpm_installed(package):
    return services.which('rpm') and services.call(['rpm', '-q', package], quiet=True) == 0


def rpm_swap(own, stock):
    """dnf does it in one transaction; yum 3 needs its shell for that."""
    for line in services.output(['rpm', '-q', '--provides', own]).splitlines():
        if line.startswith(stock + ' = '):
            stock = '{0}-{1}'.format(stock, line.split()[-1])
    if services.which('dnf'):
        return 'dnf swap -y --allowerasing {0} {1}'.format(own, stock)
    return "printf 'remove {0}\\ninstall {1}\\nrun\\n' | yum -y shell".format(own, stock)
