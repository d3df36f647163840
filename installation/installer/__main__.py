"""What install.sh and uninstall.sh run, on the host's own Python 2.6 to 3.14."""

import sys

HERE = __file__.rpartition('/')[0]  # install.sh names it from the root
if __name__ == '__main__':  # nothing in here may pass for a module of Python's own, nor old byte code for one of ours
    sys.path[:] = [place for place in sys.path if place not in ('', HERE)]
    vars(sys)['pycache_prefix'] = '/dev/null'
    sys.modules['installer'] = type(sys)('installer')
    sys.modules['installer'].__path__ = [HERE]

import optparse  # noqa: E402
import os  # noqa: E402

from installer import bug, findnova, interpreters, signals  # noqa: E402
from installer.install import install  # noqa: E402
from installer.journal import ROOT  # noqa: E402
from installer.run import run  # noqa: E402
from installer.say import LOST, Refusal, complain, open_streams  # noqa: E402
from installer.uninstall import uninstall  # noqa: E402

PATHS = ('nova_parent', 'state_dir', 'config_file', 'python')


def parser_of(action):
    parser = optparse.OptionParser(prog=action + '.sh', usage='sudo sh ./%prog [options]')
    parser.set_defaults(db=True, restart=True, drop_column=False, python=None, forget=False, yes=False)
    add = parser.add_option
    add('--nova-parent', metavar='DIR', help='the directory that holds nova/ (default: the nova that this host runs)')
    add('--state-dir', metavar='DIR', default=own_root() or ROOT,
        help='where backup and journal are kept (default: %default)')
    add('--config-file', metavar='FILE', help='nova.conf with the database connection (default: nova\'s own search)')
    add('--no-restart', dest='restart', action='store_false', help='restart no service')
    add('--python', metavar='PYTHON', help='the interpreter that runs nova (default: {0})'.format(
        'found from its services' if action == 'install' else 'the one of the installation'))
    if action == 'install':
        add('--no-db', dest='db', action='store_false', help='leave the database alone, and restart nothing')
        add('--dry-run', action='store_true', help='say what would be done, and do nothing')
        add('--adopt-2014', action='store_true', help='clean up after the original mapping_uuid patch of 2014')
    else:
        add('--drop-column', action='store_true', help='export the mappings, then remove the column')
        add('--forget', action='store_true', help='leave the tree as it is, and put its journal aside; only shows what '
            'that means, without --yes')
        add('--yes', action='store_true', help='do what --forget shows')
    return parser


def own_root():
    """The uninstaller's copy in a journal knows where it is."""
    journal = os.path.dirname(os.path.dirname(HERE))
    return os.path.dirname(journal) if os.path.exists(os.path.join(journal, 'plan.json')) else None


def options_of(action, words):
    parser = parser_of(action)
    options, rest = parser.parse_args(words)
    if [word for word in words if word == '' or word.startswith('--') and word.find('=') == len(word) - 1]:
        parser.error('an argument is empty, as of a variable that is not set: give it a value, or leave it out')
    if rest:
        parser.error('what is {0}?'.format(' '.join(rest)))
    for name in PATHS:  # what they name is used elsewhere: programs are run in the root directory
        if getattr(options, name):
            setattr(options, name, os.path.abspath(getattr(options, name)))
    options.here = options.bundle = os.path.dirname(os.path.dirname(HERE))
    return options


def main(action, words):
    open_streams()
    signals.listen()
    os.umask(os.umask(0) | 0o022)  # what is made for root must not be everybody's; where nova's is, its mode is copied
    try:
        options = options_of(action, words)
        if action == 'uninstall':
            return told(options, uninstall(options))
        nova = findnova.find(options.nova_parent, options.python)
        use_its_python(nova)
        return told(options, install(options, nova))
    except Refusal as error:
        complain(error)
    except EnvironmentError as error:
        complain(Refusal(str(error), 'mend that, then run the same command again'))
    except signals.Interrupted as error:
        complain(Refusal(str(error), 'run the same command again to complete it, or uninstall.sh to undo it'))
    except Exception as error:  # a traceback tells nobody what to do
        complain(Refusal(bug.told(error), 'run the same command again to complete it, or uninstall.sh to undo it'))
    return 1


def told(options, status):
    """:returns: the exit status: that of the work, or 1 when all of it was to tell something, which was lost"""
    only_tells = getattr(options, 'dry_run', False) or options.forget and not options.yes
    if only_tells and LOST:
        raise Refusal('what would be done could not be written: {0}'.format(LOST[0]),
                      'lead standard output to a place that takes all of it')
    return status


def use_its_python(nova):
    """Go on in the interpreter that runs nova: what does not parse there is no good result."""
    started = os.environ.get('NOVA_CASCADING_PYTHON')
    if nova.python and not started and not os.path.samefile(nova.python, sys.executable):
        command = interpreters.isolated(nova.python)
        status, output = run(command + ['-c', ''])
        if status:
            raise Refusal('{0} does not run: {1}'.format(nova.python, output.strip()[:500]),
                          'name one that does: --python PYTHON')
        os.environ['NOVA_CASCADING_PYTHON'] = nova.python
        os.execv(nova.python, command + [os.path.join(HERE, '__main__.py')] + sys.argv[1:])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2:]))
