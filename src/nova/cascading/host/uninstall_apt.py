"""The way back to the stock nova on hosts with apt: looked at with `apt-get -s` before it is printed or taken."""

import re

from nova.cascading import errors
from nova.cascading.host import restarting
from nova.cascading.host.tools import ask, call, output, which

FIELDS = '${Package}|${Version}|${Status}|${Source}|${Provides}\\n'


class Package(object):
    """One line of dpkg's list."""

    def __init__(self, line):
        self.name, self.version, status, source, self.provides = line.split('|', 4)
        self.source = source.split(' ')[0] or self.name
        # Removed ones, with or without their configuration, are nobody's to bring back.
        self.is_there = status.endswith((' installed', ' unpacked', ' half-configured', ' half-installed',
                                         ' triggers-pending', ' triggers-awaited'))


def installed(package):
    """Whether dpkg has the package unpacked or configured."""
    return which('dpkg-query') and package in packages()


def packages():
    """name -> Package, of all that is there."""
    listed = output(['dpkg-query', '-W', '-f', FIELDS]).splitlines()
    found = [Package(line) for line in listed if line.count('|') >= 4]
    return dict((package.name, package) for package in found if package.is_there)


def way_back(own, stock):
    """The shell lines that bring stock nova back, in order.

    :raises errors.CascadingError: there is none that removes nothing but the fork; why, and what to do
    """
    there = packages()
    wanted = targets(there, own, stock)
    refuse_held(sorted(set([own] + list(wanted))))
    line = command(wanted, there)
    look(line, own)
    return [line] + restarting.lines()


def targets(there, own, stock):
    """name -> version of what to install: the library that the fork stands in for, or else the next one with all of
    nova; and re-versioned service packages (for a dpkg without versioned Provides) at their stock version."""
    ours = there[own]
    known = re.search(r'\b{0} \(= ([^)]+)\)'.format(re.escape(stock)), ours.provides)
    base = known.group(1) if known else stock_version(ours)
    offered = versions(stock)
    if base in offered:
        wanted = dict((name, stock_version(package)) for name, package in there.items()
                      if is_companion(package) and name != own)
        wanted[stock] = base
        return wanted
    newer = [version for version in offered if call(
        ['dpkg', '--compare-versions', version, 'gt', ours.version], quiet=True) == 0]
    if not newer:
        raise errors.CascadingError(
            'apt offers no {0} {1} on this host, nor a newer one'.format(stock, base),
            'Next: name an archive that has it in /etc/apt/sources.list, then: apt-get update; or put its .deb here, '
            'then: {0}'.format(install_file(stock)))
    return dict((name, newer[0]) for name in [stock] + [
        name for name, package in there.items() if package.source == 'nova' and name != own])


def is_companion(package):
    """A service package that was re-versioned for a dpkg without versioned Provides."""
    return '+cascading' in package.version


def stock_version(package):
    return package.version.rpartition('+cascading')[0]


def versions(name):
    """What apt can install, newest first."""
    rows = [line.split('|') for line in output(['apt-cache', 'madison', name]).splitlines()]
    found = [row[1].strip() for row in rows if len(row) > 2 and row[0].strip() == name]
    return [version for number, version in enumerate(found) if version not in found[:number]]


def refuse_held(names):
    held = [name for name in output(['apt-mark', 'showhold']).split() if name.split(':')[0] in names]
    if held:
        raise errors.CascadingError('held, so apt leaves them alone: {0}'.format(', '.join(held)),
                                    'Next: apt-mark unhold {0} && nova-cascading uninstall'.format(' '.join(held)))


def command(wanted, there):
    option = ''
    if [name for name in wanted if name in there and is_companion(there[name])]:
        option = '--force-yes ' if is_old() else '--allow-downgrades '
    names = sorted(wanted, key=lambda name: (not name.startswith('python'), name))
    return 'apt-get install -y {0}{1}'.format(option, ' '.join('{0}={1}'.format(name, wanted[name]) for name in names))


def is_old():
    """apt before 1.1 knows neither --allow-downgrades nor files."""
    return output(['apt-get', '--version']).startswith(('apt 0.', 'apt 1.0'))


def install_file(stock):
    return '{0} ./{1}_*.deb'.format('dpkg -i' if is_old() else 'apt-get install', stock)


def look(line, own):
    """Whether apt would do this and no more.

    :raises errors.CascadingError: what it would remove, or why it would do nothing
    """
    words = [word for word in line.split() if word != '-y']
    status, plan = ask(['env', 'LC_ALL=C'] + words[:1] + ['-s'] + words[1:])
    lost = sorted(set(row.split()[1] for row in plan.splitlines() if row.startswith('Remv ')) - set([own]))
    if status != 0:
        raise errors.CascadingError('apt cannot do it: {0}'.format(line),
                                    'Next: see why: {0}'.format(line.replace('apt-get', 'apt-get -s', 1)))
    if lost:
        raise errors.CascadingError(
            'apt would also remove {0}: {1}'.format(', '.join(lost), line),
            'Next, if that is what you want, run it yourself; else name an archive with their stock version')
