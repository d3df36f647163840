"""Lets Python 2.7 find Icehouse's modules, and gives today's standard library the three things they expect of 2014's.

Loaded by a .pth file at every start of /usr/bin/python2.7, so it imports nothing that the program may not need:
each standard module is completed when the program itself imports it.
"""

import site
import sys

MODULES = '/usr/lib/nova-cascading/icehouse'


def complete_ssl(ssl):
    """OpenSSL without SSLv3: eventlet only wants the name."""
    if not hasattr(ssl, 'PROTOCOL_SSLv3'):
        ssl.PROTOCOL_SSLv3 = ssl.PROTOCOL_SSLv23


def complete_uuid(uuid):
    """Python 2.7.10 dropped the name that nova's tests and eventlet's patching look at."""
    if not hasattr(uuid, '_uuid_generate_random'):
        uuid._uuid_generate_random = None


def complete_sqlite(dbapi2):
    """SQLite 3.25 renames tables inside other tables' definitions too; sqlalchemy-migrate 0.9 relies on it not to."""
    plain = dbapi2.connect

    def connect(*args, **kwargs):
        connection = plain(*args, **kwargs)
        connection.execute('PRAGMA legacy_alter_table=ON')
        return connection

    dbapi2.connect = connect


COMPLETIONS = {'ssl': complete_ssl, 'uuid': complete_uuid, 'sqlite3.dbapi2': complete_sqlite}


class Completer:
    """An import hook (PEP 302): lets the import happen as usual, then completes the module, once."""

    def find_module(self, name, path=None):
        return self if name in COMPLETIONS else None

    def load_module(self, name):
        complete = COMPLETIONS.pop(name)
        __import__(name)
        complete(sys.modules[name])
        return sys.modules[name]


def use(directory):
    """Put *directory*, with its own .pth files, before Debian's directory of modules."""
    before = list(sys.path)
    site.addsitedir(directory)
    added = [entry for entry in sys.path if entry not in before]
    place = min([before.index(entry) for entry in before if entry.endswith('dist-packages')] or [len(before)])
    sys.path[:] = before[:place] + added + before[place:]


use(MODULES)
sys.meta_path.append(Completer())
