"""nova-cascading: look after what this fork of nova adds to the databases and services of a cloud."""

import argparse
import signal
import sys

from nova.cascading import errors, failure, terminal, version

# name, module, what --help says; a module has configure(parser) and run(args, conf) -> exit status
COMMANDS = (
    ('db', 'nova.cascading.migration.command', 'bring the databases into the state that the fork needs, and back'),
    ('mapping', 'nova.cascading.mapping.command', 'which instance stands for which server of a lower-level cloud'),
    ('services', 'nova.cascading.host.services', 'restart the nova services of this host that run'),
    ('uninstall', 'nova.cascading.host.uninstall', 'show or take the way back to stock nova'),
    ('status', 'nova.cascading.host.status', 'tell which code runs, and what state each database is in'),
)


def main(argv=None):
    """Run one command.

    :param argv: the arguments; None: those of the process, whose signals are then set as well
    :returns: exit status: 0 done, 1 failed or to be done, 2 cannot tell or wrong usage
    """
    words = sys.argv[1:] if argv is None else argv
    terminal.complete()
    if argv is None:
        terminal.be_alone()
    try:
        args = _arguments(words)
        if argv is None:
            _settle(_is_reading(args))
        return terminal.finish(args.module.run(args, _configuration(args)) or 0)
    except (Exception, KeyboardInterrupt) as error:
        return terminal.finish(_ended(error, words))


def _ended(error, words):
    """The exit status that an error means to who asked: nobody can tell, to monitoring and to a service that starts."""
    if words[:2] == ['mapping', 'audit']:
        terminal.say(failure.for_monitoring(failure.explained(error)[0]))
        return 3
    status = failure.tell(error)
    return 0 if '--gate' in words else status


def _is_reading(args):
    """Whether telling something is all that a command does; then it ends with whoever listens."""
    if getattr(args, 'gate', False):
        return False
    return getattr(args, 'ends_with_reader', False) or getattr(args, 'dry_run', False) or not getattr(args, 'yes', True)


def _settle(is_reading):
    """What belongs to the whole process: `nova-cascading mapping list | head` ends, a migration goes on."""
    if is_reading:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    else:
        terminal.be_patient()


def _arguments(words):
    parser = _parser(words)
    if [word for word in words if word == '' or word.startswith('--') and word.find('=') == len(word) - 1]:
        # `rollback --import "$FILE"` without a FILE is no rollback, `list --host "$HOST"` no list of all.
        parser.error('an argument is empty, as of a variable that is not set: give it a value, or leave it out')
    try:
        return parser.parse_args(words)
    except EnvironmentError as error:  # --help
        raise errors.CascadingError('cannot write to standard output: {0}'.format(error.strerror))


def _parser(argv):
    """Load only the module of the command that is asked for: starting services wait for `db check --gate`."""
    parser = argparse.ArgumentParser(prog='nova-cascading', description=__doc__)
    parser.add_argument('--version', action='version', version='nova-cascading ' + version.text())
    commands = parser.add_subparsers(metavar='COMMAND', dest='command')
    commands.required = True
    for name, module, text in COMMANDS:
        command = commands.add_parser(name, help=text, description=text)
        if name in argv:
            _add_module(command, module)
    return parser


def _add_module(command, name):
    __import__(name)
    module = sys.modules[name]
    command.set_defaults(module=module)
    module.configure(command)


def _configuration(args):
    if not hasattr(args, 'config_file'):
        return None
    from nova.cascading import config
    return config.read(args.config_file, args.config_dir)
