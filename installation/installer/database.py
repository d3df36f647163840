"""Calls the fork's own database commands; nothing here drops, grants or truncates."""

import os
import subprocess

from installer import files, findnova
from installer.say import Refusal, say


def command(nova, options, *words):
    config = ['--config-file', options.config_file] if options.config_file else []
    # Python 2.6 runs no package with -m, but it does run a module.
    return [nova.python, '-B', '-m', 'nova.cascading.__main__'] + list(words) + config


def environment(nova):
    found = dict(os.environ, PYTHONDONTWRITEBYTECODE='1')
    if findnova.parent_of(nova.python) != nova.parent:
        found['PYTHONPATH'] = nova.parent
    return found


def preflight(bundle, nova, options):
    """Ask, on the code that is there now, whether the database can be migrated.

    :raises Refusal: it cannot, in the words of the check; or it is not known which Python to ask with.
    """
    if not nova.python:
        raise Refusal('no Python interpreter was found that runs this nova',
                      'name it with --python PYTHON, or leave the database alone with --no-db')
    check = os.path.join(bundle.folder, 'nova', 'cascading', 'preflight.py')
    config = ['--config-file', options.config_file] if options.config_file else []
    process = subprocess.Popen([nova.python, '-B', check] + config, cwd='/', env=environment(nova),
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0]
    if process.returncode:
        raise Refusal('the database cannot be migrated now, so nothing was changed: ' + files.text_of(output).strip(),
                      'mend that, then run install.sh again (or leave the database alone with --no-db)')


def sync(nova, options):
    if options.db:
        _call(nova, options, 'db', 'sync')


def adopt(nova, options):
    if options.db:
        _call(nova, options, 'db', 'adopt')


def drop_column(nova, options):
    """The mappings are exported before the column goes."""
    _call(nova, options, 'db', 'rollback', '--drop-column')


def _call(nova, options, *words):
    files.fault('call', ' '.join(words))
    say('nova-cascading ' + ' '.join(words))
    status = subprocess.call(command(nova, options, *words), cwd='/', env=environment(nova))
    if status:
        raise Refusal('nova-cascading {0} ended with status {1}; its reason stands above'.format(
            ' '.join(words), status), 'mend that, then run the same command again')
