"""The way back to the stock nova on hosts with dnf or yum: looks first, exchanges two packages, asks whether it is so.

Nothing but the fork may go and nothing but the stock library may come: what a package manager plans else, under
whatever settings of the host, is refused. yum's shell is never used: it carries out a `remove` alone when the `install`
fails, and ends with 0.
"""

from __future__ import print_function

import os
import re
import shutil
import sys
import tempfile

from nova.cascading import errors, redact
from nova.cascading.host import tools, uninstall_rpm

PLANNING = 900  # seconds: the indexes of slow mirrors are fetched first
EXCHANGING = 7200
# Settings of the host that turn an exchange into something else: a `remove` alone, more removals, nothing at all.
# yum with obsoletes=1 does not install what a package on offer obsoletes, as the fork does when its repository is on.
# What only goes well with stock (weak dependencies) was there before the fork, or nobody wanted it.
PLAIN = {
    'dnf': ['strict=1', 'install_weak_deps=0', 'clean_requirements_on_remove=0', 'tsflags='],
    'yum': ['obsoletes=0', 'skip_broken=0', 'clean_requirements_on_remove=0', 'tsflags='],
}
UNDECIDED = ['assumeno=0']
SHOWN = ['--assumeno', '--setopt=color=never']
IN_FULL = ['--setopt=debuglevel=2']  # below, dnf 4 shows no transaction; dnf 5 does not know it
HIDING = ['--disableexcludes=all', '--disableplugin=versionlock']
ENTRY = re.compile(r' (\S+)')
# Below it yum may say "Your transaction was saved, rerun it with:" and a line that looks like an entry.
TABLE = re.compile(r'.*?(\A|\n) ?Package +Arch\w* .*?\n(.*?)(\nTransaction Summary.*|\Z)', re.S)
REPLACED = re.compile(r'\s+replacing\s+(\S+)')
DEPENDENCIES = ('Installing dependencies', 'Installing for dependencies')
COLOUR = re.compile('\033(\\[[0-9;]*m|\\(B)')


class Refused(errors.CascadingError):
    """The way back is not taken, and nothing was changed."""


def installed(package):
    """Whether rpm has the package."""
    return uninstall_rpm.installed(package)


def run(own, source, is_carried_out):
    """Tell or take the way back.

    :param own: name of the fork's package
    :param source: the stock library's rpm, or a directory that has it; None: what the host's repositories offer
    :param is_carried_out: take it; else only the commands are printed
    :returns: exit status: 0 done, or told; 1 refused or failed, with the reason
    """
    try:
        if os.geteuid() != 0:
            raise Refused('only root can ask what would go and what would come', 'run this as root')
        exchange = uninstall_rpm.Exchange.of(own)
        see_services(exchange)
        left = exchange.left_behind()
        if left:
            if not is_carried_out:
                return tell(exchange, ['rpm -e {0}'.format(' '.join(left)), ' '.join(
                    ['nova-cascading uninstall --yes'] + (['--from', source] if source else []))])
            exchange.finish_installation(left)
        if exchange.half_done():
            source, lines = None, [' '.join(exchange.removal())]
        elif source:
            source = exchange.find(source)
            look(exchange, source)
            lines = [' '.join(command) for command in exchange.steps(source)]
        else:
            lines = plan(exchange)
        if not is_carried_out:
            return tell(exchange, lines)
        carry_out(exchange, source)
    except errors.CascadingError as error:
        sys.stderr.write('nova-cascading: {0}\n'.format(error))
        return 1
    print('done: {0} is in the place of {1}; column and mappings stay'.format(exchange.stock_spec, own))
    return 0


def tell(exchange, lines):
    print('To go back to the stock nova (column and mappings stay, no database step is needed):\n'
          '  goes:  {0}\n  comes: {1}\n'.format(exchange.own, exchange.stock_spec))
    for line in lines:
        print('    ' + line)
    print('\nNever remove the fork alone: the nova services depend on it and would go too. '
          'The same command with --yes\nlooks again, takes this way, and asks rpm whether it is done.')
    return 0


def carry_out(exchange, source):
    """Exchange the packages, and see that it is so, whatever the exit status of the package manager was."""
    if exchange.half_done() or source:
        exchange.carry_out(source)
    elif manager() and swaps(manager()):
        run_command(swap(manager(), exchange, ['-y']))
    else:
        with_download(exchange)
    exchange.check_done()


def run_command(command):
    print(' '.join(command))
    sys.stdout.flush()
    return tools.call(command, seconds=EXCHANGING)


# --- what would happen -----------------------------------------------------------------------------------------------

def see_services(exchange):
    """:raises Refused: an installation or upgrade was killed before the services had their new version"""
    others = exchange.other_services()
    if others:
        raise Refused('{0} stands in for {1}, but {2} is here in version {3}: an installation or upgrade was '
                      'interrupted, so nothing was changed'.format(exchange.own, exchange.stock_spec,
                                                                   uninstall_rpm.COMMON, ', '.join(others)),
                      '{0}, where the repository of {1} is on; then run this again'.format(
                          'yum --enablerepo=nova-cascading update' if manager() == 'yum' else 'dnf upgrade',
                          exchange.stock_spec))


def plan(exchange):
    """The lines that go back, after the package manager was asked what it would do.

    :raises Refused: it would do anything but the exchange
    """
    tool = manager()
    if tool is None:
        raise Refused('this host has neither dnf nor yum', by_file(exchange))
    if not swaps(tool):
        offered(tool, exchange)
        return ['yumdownloader --destdir /root/stock-nova {0}'.format(exchange.stock_spec),
                'rpm -K /root/stock-nova/{0}     # "pgp ... OK": signed by somebody whom rpm trusts'.format(
                    exchange.file_name),
                'nova-cascading uninstall --yes --from /root/stock-nova']
    _, text = asked(swap(tool, exchange, SHOWN + ([] if is_dnf5(tool) else IN_FULL)))
    planned = sorted(set(steps_in(text)))  # an upgrade that was killed has left two of the fork
    wanted = [('Installing', exchange.stock), ('Removing', exchange.own)]
    if planned == wanted:
        return [' '.join(swap(tool, exchange, ['-y']))]
    offered(tool, exchange, said(tool, text))
    others = [step for step in planned if step not in wanted]
    lacking = [name for what, name in others if what in DEPENDENCIES]
    raise Refused('{0} would not just exchange {1} for {2}, so nothing was changed. {3}'.format(
        tool, exchange.own, exchange.stock_spec, said(tool, text)),
        first(lacking) if others and len(lacking) == len(others) else by_file(exchange))


def look(exchange, path):
    """See that a file of the stock library finds what it requires, as rpm is told not to look (Exchange.steps).

    A fork of a release has requirements of its own, so an `autoremove` may have taken some of stock's away.

    :raises Refused: what is not there
    """
    _, text = asked(exchange.steps(path, ['--test'])[0])
    lacking = re.findall(r'^\s+(\S.*) is needed by {0}-'.format(re.escape(exchange.stock)), text, re.M)
    if lacking:
        raise Refused('{0} requires what is not on this host, so nothing was changed: {1}'.format(
            exchange.stock_spec, ', '.join(lacking)), first(lacking))


def first(lacking):
    return '{0} install {1}, then run this again'.format(manager() or 'dnf', ' '.join(map(tools.quote, lacking)))


def said(tool, text):
    return '{0} says:\n    {1}'.format(tool, '\n    '.join(redact.hide_users(text.strip()).splitlines()))


def offered(tool, exchange, why=''):
    """:raises Refused: no repository offers the stock library in the version that the services want"""
    found = versions(tool, exchange, [])
    if exchange.stock_evr in found:
        return
    hidden = versions(tool, exchange, ['--setopt=disable_excludes=*'] if is_dnf5(tool) else HIDING)
    if exchange.stock_evr in hidden:
        raise Refused('{0} is on offer, but an exclude or a version lock hides it'.format(exchange.stock_spec),
                      'take {0} out of `exclude` in the configuration of {1}, or out of its list (`{1} versionlock '
                      'list`), and run this again'.format(exchange.stock, tool))
    others = 'what is on offer: {0}'.format(', '.join(found)) if found else 'no version of it is'
    raise Refused('no repository that this host can reach offers {0} ({1}). The nova services here want exactly '
                  'this version, so nothing was changed. {2}'.format(exchange.stock_spec, others, why).strip(),
                  by_file(exchange))


def by_file(exchange):
    return 'get {0} from where this host\'s nova came, then: nova-cascading uninstall --yes --from {0}'.format(
        exchange.file_name)


def versions(tool, exchange, options):
    """The versions of the stock library that the host's repositories offer, [epoch:]version-release."""
    unhidden = [] if is_dnf5(tool) else ['--disableplugin=nova_cascading']  # ours hides what is newer
    _, text = asked([tool, '-q', 'list', '--available' if tool != 'yum' else 'available', '--showduplicates',
                     exchange.stock] + unhidden + options)
    return re.findall(r'^{0}\.\w+\s+(\S+)'.format(re.escape(exchange.stock)), text, re.M)


def steps_in(text):
    """(what is done, package) of everything in a transaction that dnf or yum shows, in alphabetical order.

    'Removing dependent packages', 'Updating', 'Skipped' and the like are words of their own: nobody asked for them.
    """
    found, heading = [], None
    for line in TABLE.sub(r'\2', COLOUR.sub('', text)).splitlines():
        replaced, entry = REPLACED.match(line), ENTRY.match(line)
        if line.endswith(':') and not line.startswith(' '):
            heading = line[:-1]
        elif heading and replaced:
            found.append(('Removing', replaced.group(1).rpartition('.')[0] or replaced.group(1)))
        elif heading and entry:
            found.append((heading, entry.group(1)))
    return sorted(found)


# --- the host's package manager --------------------------------------------------------------------------------------

def manager():
    """dnf (4 or 5) or yum, or None."""
    return ([tool for tool in ('dnf', 'dnf5', 'yum') if tools.which(tool)] or [None])[0]


def is_dnf5(tool):
    return tool != 'yum' and 'dnf5' in tools.output([tool, '--version'])


def swaps(tool):
    """yum learnt it in January 2013."""
    return tool != 'yum' or tools.call(['yum', 'help', 'swap'], quiet=True) == 0


def swap(tool, exchange, options):
    """The command that exchanges the two; without --allowerasing, so that no service can go."""
    settings = PLAIN['yum' if tool == 'yum' else 'dnf'] + ([] if '--assumeno' in options else UNDECIDED)
    return ([tool, 'swap'] + options + ['--setopt=' + setting for setting in settings]
            + [exchange.own, exchange.stock_spec])


def asked(command):
    """(exit status, output and errors) of a package manager that only tells, in English.

    yum 3 and dnf 4 translate by Python's gettext, for which LANGUAGE goes before LC_ALL.
    """
    words = ['env', 'LC_ALL=C', 'LANGUAGE=', 'sh', '-c', 'exec "$@" 2>&1', 'sh'] + command
    return tools.ask(words, seconds=PLANNING)


def with_download(exchange):
    """For yum before 2013: the stock library is here before anything goes."""
    if not tools.which('yumdownloader'):
        raise Refused('this yum has no `swap`, and there is no yumdownloader to fetch {0} with'.format(
            exchange.stock_spec), 'yum install yum-utils, and run this again')
    work = tempfile.mkdtemp(prefix='nova-cascading-')
    try:
        run_command(['yumdownloader', '--destdir', work, exchange.stock_spec])
        if not os.listdir(work):
            raise Refused('{0} could not be downloaded, so nothing was changed'.format(exchange.stock_spec),
                          'see that its repository can be reached, and run this again')
        package = exchange.find(work)
        exchange.check_signature(package)
        look(exchange, package)
        exchange.carry_out(package)
    finally:
        shutil.rmtree(work, ignore_errors=True)
