"""Calls the fork's own database commands; nothing here drops, grants or truncates."""

import os

from installer import files, interpreters
from installer.run import run
from installer.say import Refusal, say

PREFLIGHT = 60  # seconds; it has a limit of its own, well below
# A change that copies a large table takes hours, and is only made when told to; longer than this nothing is at work.
SYNC = 24 * 3600
NOT_NOW = 3
MODULE = 'nova.cascading.__main__'  # Python 2.6 runs no package as a module, but it does run a module
OTHER_PYTHON = 'the same command with --python PYTHON, the interpreter that has what this nova needs'


def _words(options):
    return ['--config-file', options.config_file] if options.config_file else []


def preflight(bundle, nova, options):
    """Ask, on the code that is there now, whether the database can be migrated.

    :raises Refusal: it cannot, in the words of the check; or it is not known which Python to ask with.
    """
    if not nova.python:
        raise Refusal('no Python interpreter was found that runs this nova',
                      'name it with --python PYTHON, or leave the database alone with --no-db')
    check = os.path.join(bundle.folder, 'nova', 'cascading', 'host', 'preflight.py')
    adopting = ['--adopt-2014'] if options.adopt_2014 else []
    status, output = run(interpreters.start(nova, 'file', check) + _words(options) + adopting, PREFLIGHT, locale=None)
    if status:
        answer = 'cannot be asked now' if status == NOT_NOW else 'cannot be migrated now'
        raise Refusal('the database {0}, so nothing was changed: {1}'.format(answer, output.strip()),
                      'mend that, then run install.sh again (or leave the database alone with --no-db)')


def sync(nova, options):
    if options.db:
        _call(nova, options, 'db', 'sync')


def adopt(nova, options):
    if options.db:
        _call(nova, options, 'db', 'adopt')


def drop_column(nova, options):
    """The mappings are exported before the column goes. What runs here by now is stock nova, which needs none."""
    _call(nova, options, 'db', 'rollback', '--drop-column', '--force')


def check_drop(nova):
    """
    :raises Refusal: no Python is known that can run the command, said while the tree is as it was.
    """
    otherwise = '; or without --drop-column: the column stays, with its mappings'
    _refuse_without_python(nova, 'db rollback', otherwise)
    status, output = run(interpreters.start(nova, 'module', MODULE) + ['db', 'rollback', '--help'], PREFLIGHT)
    if status:
        raise Refusal('{0} cannot run nova-cascading db rollback, so nothing was changed: {1}'.format(
            nova.python, output.strip()[-500:]), OTHER_PYTHON + otherwise)


def _refuse_without_python(nova, words, otherwise=''):
    if not nova.python:
        raise Refusal('nova-cascading {0} cannot be run: no Python is known that runs this nova, and that nobody else '
                      'can write'.format(words), OTHER_PYTHON + otherwise)


def _call(nova, options, *words):
    _refuse_without_python(nova, ' '.join(words))
    files.fault('call', ' '.join(words))
    say('nova-cascading ' + ' '.join(words))
    command = interpreters.start(nova, 'module', MODULE) + list(words) + _words(options)
    status, _ = run(command, SYNC, follow=True, locale=None)
    if status:
        raise Refusal('nova-cascading {0} ended with status {1}; its reason stands above'.format(
            ' '.join(words), status), 'mend that, then run the same command again')
