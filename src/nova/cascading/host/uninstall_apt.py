"""The way back to the stock nova on hosts with apt: looked at with `apt-get -s` before it is printed or taken."""

import filecmp
import glob
import os
import re

from nova.cascading import errors
from nova.cascading.host import strangers
from nova.cascading.host.tools import ask, call, output, quote, which

PREFERENCES = '/etc/apt/preferences.d/nova-cascading.pref'
OFFERED = '/usr/share/doc/{0}/nova-cascading.pref'
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


def way_back(own, stock, source=None):
    """The shell lines that bring stock nova back, in order.

    :param source: as --from says: the stock library's .deb, or a directory that has it; None: what apt offers
    :raises errors.CascadingError: there is none that removes nothing but the fork; why, and what to do
    """
    there = packages()
    wanted = exact(there, own, stock)
    if source:
        words = files(source, wanted, own)
    else:
        if wanted[stock] not in versions(stock):
            wanted = moved_on(there, own, stock, wanted)
        words = specs(wanted)
    refuse_held(sorted(set([own] + list(wanted))))
    words = downgrading(wanted, there) + words
    look(words, own, wanted)
    return [line(['-y'] + words)] + (['rm ' + PREFERENCES] if has_copy(own) else []) + strangers.restarts()


def has_copy(own):
    """Whether apt reads our preferences file, unchanged: without the fork it would hide each update of stock nova."""
    try:
        return filecmp.cmp(PREFERENCES, OFFERED.format(own), shallow=False)
    except EnvironmentError:
        return False


def kept(own, stock):
    """What to know of such a file that is not as the package has it, and so belongs to who has changed it; or ''."""
    if has_copy(own) or not os.path.lexists(PREFERENCES):
        return ''
    return ('{0} stays: it is not as {1} has it.\n'
            'While it hides {2}, apt brings no update of nova. Next, when you have read it: rm {0}\n'.format(
                PREFERENCES, own, stock))


def exact(there, own, stock):
    """name -> version of what the fork stands in for: the library, and service packages that were re-versioned (for a
    dpkg without versioned Provides) at their stock version."""
    wanted = dict((name, stock_version(package)) for name, package in there.items()
                  if is_companion(package) and name != own)
    known = re.search(r'\b{0} \(= ([^)]+)\)'.format(re.escape(stock)), there[own].provides)
    wanted[stock] = known.group(1) if known else stock_version(there[own])
    return wanted


def moved_on(there, own, stock, wanted):
    """name -> version, of the library and all of nova here: the next ones of the same series that apt has.

    A newer series would bring migrations of its own, and Python and C libraries of another release of the system.
    """
    offered = versions(stock)
    newer = [version for version in offered if series(version) == series(wanted[stock]) and call(
        ['dpkg', '--compare-versions', version, 'gt', there[own].version], quiet=True) == 0]
    if not newer:
        raise errors.CascadingError(
            'apt offers no {0} {1} on this host, nor a newer one of its series (on offer: {2})'.format(
                stock, wanted[stock], ', '.join(offered) or 'none'),
            'Next: name an archive that has it in /etc/apt/sources.list, then: apt-get update; or put the .deb of {0} '
            'here, then: {1}'.format(' and '.join(specs(wanted)), from_here(own, wanted)))
    pinned = candidate('nova-common')  # of the same source; the preferences file hides the library
    return dict((name, pinned if pinned in newer else newer[-1]) for name in [stock] + [
        name for name, package in there.items() if package.source == 'nova' and name != own])


def series(version):
    """``2014.1`` of ``1:2014.1.5-0ubuntu1``, ``26`` of ``2:26.2.2-1``."""
    return re.match(r'(?:\d+:)?(201[45]\.\d+|\d*)', version).group(1)


def candidate(name):
    """The version that apt would choose, by the priorities that this host gives to its archives."""
    shown = output(['env', 'LC_ALL=C', 'apt-cache', 'policy', name])
    return (re.findall(r'^ *Candidate: (\S+)', shown, re.M) or [None])[0]


def files(source, wanted, own):
    """The paths of the .debs of what is wanted: `source` itself, or those in that directory.

    :raises errors.CascadingError: what is not there; or an apt that takes no files, and the way without it
    """
    paths = sorted(glob.glob(os.path.join(source, '*.deb'))) if os.path.isdir(source) else [source]
    found = dict((output(['dpkg-deb', '-W', '--showformat=${Package}=${Version}', path]), path) for path in paths)
    lacking = [spec for spec in specs(wanted) if spec not in found]
    if lacking:
        raise errors.CascadingError(
            '{0} has no {1}, which this host wants (found: {2})'.format(
                source, ' and no '.join(lacking), ', '.join(sorted(filter(None, found))) or 'no .deb that can be read'),
            'Next: get it from where this host\'s nova came. What belongs together goes into one directory')
    if is_old():
        raise errors.CascadingError('apt before 1.1 takes no files, so --from cannot be used; nothing was changed',
                                    'Next, where the files are: {0}'.format(from_here(own, wanted)))
    return [os.path.abspath(found[spec]) for spec in specs(wanted)]


def specs(wanted):
    """name=version of each, the library first."""
    names = sorted(wanted, key=lambda name: (not name.startswith('python'), name))
    return ['{0}={1}'.format(name, wanted[name]) for name in names]


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


def downgrading(wanted, there):
    if not [name for name in wanted if name in there and is_companion(there[name])]:
        return []
    return ['--force-yes' if is_old() else '--allow-downgrades']


def is_old():
    """apt before 1.1 knows neither --allow-downgrades nor files."""
    return output(['apt-get', '--version']).startswith(('apt 0.', 'apt 1.0'))


def from_here(own, wanted):
    """What goes back with the files of the current directory; dpkg itself refuses what the fork is in conflict with."""
    if not is_old():
        return 'nova-cascading uninstall --yes --from .'
    return "echo '{0} deinstall' | dpkg --set-selections && dpkg -i {1}; then restart nova's services".format(
        own, ' '.join('./{0}_*.deb'.format(name) for name in sorted(wanted)))


def line(words):
    """The command as a shell takes it; a file may have any name."""
    return 'apt-get install {0}'.format(' '.join(quote(word) if word[0] == '/' else word for word in words))


def look(words, own, wanted):
    """Whether apt would do this and no more.

    :raises errors.CascadingError: what it would remove or upgrade unasked, or why it would do nothing
    """
    status, plan = ask(['env', 'LC_ALL=C', 'apt-get', '-s', 'install'] + words)
    if status != 0:
        raise errors.CascadingError('apt cannot do it: {0}'.format(line(words)),
                                    'Next: see why: {0}'.format(line(words).replace('apt-get', 'apt-get -s', 1)))
    lost = sorted(set(re.findall(r'^Remv (\S+)', plan, re.M)) - set([own]))
    upgraded = sorted(set(re.findall(r'^Inst (\S+) \[', plan, re.M)) - set(wanted))
    unasked = ['{0} {1}'.format(what, ', '.join(names))
               for what, names in (('remove', lost), ('upgrade', upgraded)) if names]
    if unasked:
        raise errors.CascadingError(
            'apt would also {0}: {1}'.format(' and '.join(unasked), line(words)),
            'Next, if that is what you want, run it yourself; else name an archive that has the stock packages of this '
            'host\'s versions')
