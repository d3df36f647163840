"""What install.sh and uninstall.sh run, on the host's own Python 2.6 to 3.13."""

import optparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# The folder is run as a program (python FOLDER), so that its own name is not yet a package.
sys.path[0] = os.path.dirname(HERE)

from installer import findnova  # noqa: E402
from installer.install import install  # noqa: E402
from installer.journal import ROOT  # noqa: E402
from installer.say import Refusal, complain  # noqa: E402
from installer.uninstall import uninstall  # noqa: E402


def parser_of(action):
    parser = optparse.OptionParser(prog=action + '.sh', usage='sudo sh ./%prog [options]')
    parser.set_defaults(db=True, restart=True, drop_column=False, python=None)
    add = parser.add_option
    add('--nova-parent', metavar='DIR', help='the directory that holds nova/ (default: the nova that this host runs)')
    add('--state-dir', metavar='DIR', default=own_root() or ROOT,
        help='where backup and journal are kept (default: %default)')
    add('--config-file', metavar='FILE', help='nova.conf with the database connection (default: nova\'s own search)')
    add('--no-restart', dest='restart', action='store_false', help='restart no service')
    if action == 'install':
        add('--python', metavar='PYTHON', help='the interpreter that runs nova (default: found from its services)')
        add('--no-db', dest='db', action='store_false', help='leave the database alone, and restart nothing')
        add('--dry-run', action='store_true', help='say what would be done, and do nothing')
        add('--adopt-2014', action='store_true', help='clean up after the original mapping_uuid patch of 2014')
    else:
        add('--drop-column', action='store_true', help='export the mappings, then remove the column')
    return parser


def own_root():
    """The uninstaller's copy in a journal knows where it is."""
    journal = os.path.dirname(os.path.dirname(HERE))
    return os.path.dirname(journal) if os.path.exists(os.path.join(journal, 'plan.json')) else None


def main(action, words):
    parser = parser_of(action)
    options, rest = parser.parse_args(words)
    if rest:
        parser.error('what is {0}?'.format(' '.join(rest)))
    options.state_dir = os.path.abspath(options.state_dir)
    options.here = options.bundle = os.path.dirname(os.path.dirname(HERE))
    try:
        if action == 'uninstall':
            return uninstall(options)
        nova = findnova.find(options.nova_parent, options.python)
        use_its_python(nova)
        return install(options, nova)
    except Refusal as error:
        complain(error)
    except EnvironmentError as error:
        complain(Refusal(str(error), 'mend that, then run the same command again'))
    except KeyboardInterrupt:
        complain(Refusal('interrupted', 'run the same command again to complete it, or uninstall.sh to undo it'))
    return 1


def use_its_python(nova):
    """Go on in the interpreter that runs nova: what does not parse there is no good result."""
    started = os.environ.get('NOVA_CASCADING_PYTHON')
    if nova.python and not started and not os.path.samefile(nova.python, sys.executable):
        os.environ['NOVA_CASCADING_PYTHON'] = nova.python
        os.execv(nova.python, [nova.python, '-B', HERE] + sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2:]))
