#!/usr/bin/python3
"""Tell, on a host with stock nova, whether the databases could take the change that nova-cascading makes.

Usage: preflight.py [--config-file FILE]... [--config-dir DIR]... [--adopt-2014]
Exit status: 0 go on, 1 refuse (the reason and the way out are printed), 3 nobody can tell now. Changes nothing.
It asks with the modules of the fork that the migration asks with: those of this file's fork, or, when the builder has
made one file of them, those in MODULES. Python 2.6 to 3.14.
"""

import os
import sys

# Neither what lies about in the current directory nor what lies beside this file may be taken for a library.
sys.path[:] = [path for path in sys.path if path[:1] == '/' and path != os.path.dirname(globals().get('__file__', ''))]

MODULES = {}  # name -> text
# In the order of their imports; all of nova.cascading that the questions need.
NAMES = ('errors', 'faults', 'redact', 'terminal', 'version', 'failure', 'intime', 'installed', 'conffiles', 'config',
         'database', 'database.asking', 'database.silence', 'database.systemuser', 'database.celltemplate',
         'database.dialects', 'database.dialects.base', 'database.dialects.grants', 'database.dialects.topology',
         'database.dialects.obstacles', 'database.dialects.packed', 'database.dialects.mysql',
         'database.dialects.catalog', 'database.dialects.postgresql', 'database.dialects.sqlite',
         'database.dialects.choice', 'database.connection', 'database.identity', 'database.databases', 'migration',
         'migration.record', 'migration.desired', 'migration.adopt', 'migration.feasibility')
FOLDERS = ('database', 'database.dialects', 'migration')
PACKAGE = 'nova.cascading'
GO, REFUSE, CANNOT_TELL = 0, 1, 3
NO_NOVA = 'no nova works on this host yet, so there is nothing to migrate'


def text_of(name):
    """:returns: (where a module is, its text)"""
    if name in MODULES:
        return '<{0}.{1}>'.format(PACKAGE, name), MODULES[name]
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parts = name.split('.') + (['__init__'] if name in FOLDERS else [])
    path = os.path.join(top, *parts) + '.py'
    with open(path) as source:
        return path, source.read()


def load():
    """Give this process the modules of this fork, whichever fork of nova the host has."""
    module_type = type(sys)
    package = sys.modules[PACKAGE] = module_type(PACKAGE)
    package.__path__ = []
    for name in NAMES:
        module = sys.modules[PACKAGE + '.' + name] = module_type(PACKAGE + '.' + name)
        module.__file__, text = text_of(name)
        if name in FOLDERS:
            module.__path__ = []
        parent, _, last = (PACKAGE + '.' + name).rpartition('.')
        exec(compile(text, module.__file__, 'exec'), module.__dict__)
        setattr(sys.modules[parent], last, module)
    return package


def verdict(fork, arguments):
    """Ask all databases; say what speaks against a migration."""
    conf = fork.config.read(values(arguments, '--config-file'), values(arguments, '--config-dir'))
    if not conf.cascading.auto_migrate:
        fork.terminal.say('nova-cascading: auto_migrate = false in nova.conf: the databases are yours to migrate, '
                          'with: nova-cascading db sync')
        return GO
    adopting = '--adopt-2014' in arguments
    answers, problems = fork.database.databases.ask(conf, lambda opened: look(fork, opened, conf, adopting))
    problems += [answer.error for _, answer in answers
                 if answer.error and not isinstance(answer.error, fork.errors.Uninitialised)]
    if not answers and not problems:
        fork.terminal.say('nova-cascading: nothing to migrate here: nova.conf names no database')
    for problem in problems:
        fork.terminal.say('nova-cascading: {0}'.format(problem))
    if any(problem.status == 1 for problem in problems):
        return REFUSE
    return CANNOT_TELL if any(problem.status for problem in problems) else GO


def look(fork, opened, conf, adopting):
    """The question to each database; the answer is its error, if any."""
    try:
        fork.migration.feasibility.foresee(opened, conf.cascading, adopting)
    except fork.errors.NeedsAdoption as error:
        raise fork.errors.NeedsAdoption(error.what, 'put auto_migrate = false under [cascading] in nova.conf, '
                                                    'install, then run: nova-cascading db adopt')


def values(arguments, name):
    """What follows an option each time, in order, as a later file counts more: `--name VALUE` or `--name=VALUE`."""
    pairs = [(word.partition('='), after) for word, after in zip(arguments, arguments[1:] + [''])]
    return [value if given else after for (option, given, value), after in pairs if option == name] or None


def main(arguments):
    """:returns: exit status"""
    try:
        import nova  # first: some novas choose among the SQLAlchemys of a host
    except ImportError:
        print('nova-cascading: ' + NO_NOVA)
        return GO
    try:
        fork = load()
    except ImportError as error:
        print('nova-cascading: nova in {0} does not work now: {1}\n  nothing can be asked until it does'.format(
            os.path.dirname(nova.__file__ or ''), error))
        return CANNOT_TELL
    fork.terminal.complete()
    try:
        return verdict(fork, arguments)
    except fork.errors.CascadingError as error:
        fork.terminal.say('nova-cascading: {0}'.format(error))
        return CANNOT_TELL if error.status == 2 else REFUSE
    except Exception as error:
        fork.terminal.say('nova-cascading: cannot tell: {0}'.format(fork.failure.explained(error)[0]))
        return CANNOT_TELL


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
