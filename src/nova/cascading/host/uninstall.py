"""The way back to the stock nova: prints the safe commands of this host, or runs them."""

from __future__ import print_function

import glob
import json
import os
import subprocess
import sys

import nova
from nova.cascading import errors
from nova.cascading.host import editable, pip, tools, uninstall_apt, uninstall_yum

PACKAGES = ('python3-nova-cascading', 'python-nova-cascading')
NOTE = ('Do not remove or purge the fork alone: the nova services depend on it and would go too, with purge their\n'
        'configuration as well. The same command with --yes runs the lines above.')
OF_INSTALLER = ('Every file becomes what it was before install.sh; pip and git are not asked, and know nothing of it.\n'
                'The same command with --yes runs the lines above.')
# Where the installer for hosts without packages leaves a way back for each tree (installation/installer/journal.py).
JOURNALS = '/var/lib/nova-cascading/installer'


def configure(parser):
    """Options of ``nova-cascading uninstall``."""
    parser.add_argument('--yes', action='store_true', help='run the commands instead of printing them')
    parser.add_argument('--from', dest='source', metavar='FILE_OR_DIR',
                        help='the deb, rpm or wheel of stock nova, or a directory that has it, where no archive, '
                             'repository or index offers it')


def run(args, conf):
    """Print or run the way back; column and mappings stay in the database either way.

    :returns: exit status: 0; 1 when nobody knows how the fork came here, or when a command failed.
    """
    # What is printed may be typed elsewhere, and rpm takes `a:b` for an address.
    source = args.source and os.path.abspath(args.source)
    for own in filter(uninstall_yum.installed, PACKAGES):
        return uninstall_yum.run(own, source, args.yes)
    commands, note = way_back(source), note_of_this_host()
    if not commands:
        sys.stderr.write('neither dpkg, rpm nor pip has the fork installed, and no installer left a journal in {0}.\n'
                         'Next: put your own nova back; its database needs nothing.\n'.format(JOURNALS))
        return 1
    for own in filter(uninstall_apt.installed, PACKAGES):
        print(uninstall_apt.kept(own, own.replace('-cascading', '')), end='')
    if args.yes:
        return carry_out(commands) or after(commands, note)
    print('To go back to the stock nova (column and mappings stay, no database step is needed):\n')
    for command in commands:
        print('    ' + command)
    print('\n' + note)
    return after(commands, note)


def note_of_this_host():
    """What to know about the way back, depending on who has installed the fork."""
    if any(map(uninstall_apt.installed, PACKAGES)):
        return NOTE
    return pip.NOTE if pip.metadata() else OF_INSTALLER


def after(commands, note):
    """What no command here can do; returns 0."""
    if note == pip.NOTE and len(commands) == 1:  # pip's exchange, and no restart
        print(pip.ELSEWHERE)
    return 0


def carry_out(commands):
    """The first exchanges nova's files; what fails after it keeps nothing else from its restart.

    :returns: exit status
    """
    status = 0
    for command in commands:
        print(command)
        sys.stdout.flush()
        failed = subprocess.call(command, shell=True, env=tools.environment())
        asking_why = '' if failed else is_in_vain(command)
        if failed or asking_why:
            left = commands if command == commands[0] else [command]
            tell_failure(left, asking_why)
            status = 1
            if left == commands:
                break
    return status


def tell_failure(left, asking_why):
    # A killed dpkg has to end first what it has begun.
    before = ['dpkg --configure -a'] if left[0].startswith('apt-get ') and not asking_why else []
    sys.stderr.write('that {0}. Next: see why{1}, then run it{2}: {3}\n'.format(
        'changed nothing' if asking_why else 'failed', ': ' + asking_why if asking_why else '',
        ' and what follows it' if len(left) > 1 else '', '; '.join(before + left)))


def is_in_vain(command):
    """What tells why the fork is still there: apt, pip and uv end with 0 when their settings let them only simulate,
    or install elsewhere."""
    if command.startswith('apt-get ') and any(map(uninstall_apt.installed, PACKAGES)):
        return 'apt-config dump APT::Get'
    if ' --no-deps ' in command and pip.metadata():
        return pip.asking_why(command)
    return ''


def way_back(source=None):
    """The shell lines that bring the stock nova back on this host, in order; none when nobody knows the fork here.

    :param source: as --from says
    """
    for own in PACKAGES:
        stock = own.replace('-cascading', '')
        if uninstall_apt.installed(own):
            return uninstall_apt.way_back(own, stock, source)
    if pip.metadata():
        return pip.way_back(source)
    scripts = uninstallers()
    if scripts and source:
        raise errors.CascadingError("--from is for packages: the installer's journal has every file as it was",
                                    'run this again without it')
    return ['sh {0}'.format(script) for script in scripts]


def uninstallers():
    """The installer's way back for the tree that this code is in; of every tree when it is in none of them."""
    trees = {}
    for state in glob.glob(os.path.join(JOURNALS, '*-' + '[0-9a-f]' * 8, 'state')):
        folder = os.path.dirname(state)
        try:
            with open(os.path.join(folder, 'plan.json')) as plan:
                trees[json.load(plan)['parent']] = os.path.join(folder, 'installation', 'uninstall.sh')
        except (EnvironmentError, ValueError, KeyError, TypeError) as error:
            raise errors.CascadingError("the installer's journal {0} cannot be read: {1}".format(folder, error),
                                        'bring it back from a backup of this host; or go back by hand: what each file '
                                        'was lies in {0}/before'.format(folder))
    here = os.path.realpath(os.path.dirname(nova.__path__[0]))
    if here not in trees and editable.metadata():
        raise pip.refusal_of_a_tree()
    return [trees[here]] if here in trees else [trees[parent] for parent in sorted(trees)]
