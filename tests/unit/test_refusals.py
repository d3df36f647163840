"""What the preflight says beforehand is what the migration then meets: one table of conditions, asked of both.

The preflight is the one file that goes into the packages, with its own copies of the modules.
"""

import sys
import types

import pytest

from builder.package import preflight
from tests.unit.fakeserver import Connection

COLUMNS = [('id',), ('uuid',), ('deleted',)]
USUAL = {
    'mysql': [('information_schema.COLUMNS', COLUMNS), ('ENGINE', [('innodb',)]),
              ('SHOW GRANTS', [('GRANT ALL PRIVILEGES ON `nova`.* TO `nova`@`%`',)])],
    'postgresql': [('c.oid = a.attrelid', [(name, 'integer', False) for name, in COLUMNS]), ('COUNT', [(1,)])],
}
SERVERS = {'mysql': 'MySQL', 'postgresql': 'PostgreSQL'}
LARGE = [('COUNT', [(10001,)]), ('TABLE_ROWS', [(50000, 3 * 2 ** 20)])]
SMALL = [('COUNT', [(10000,)])]
REFUSES = [('ALGORITHM=(INSTANT|INPLACE)', 1064)]
MYSQL_55 = [('SELECT VERSION', [('5.5.62',)]), *REFUSES]
NODE = ("'wsrep_on'", [('wsrep_on', 'ON')])
GALERA = [NODE, ('SESSION.wsrep_OSU_method', [('TOI',)]), ('ALGORITHM=INSTANT', 1845)]
SYNCED = ('GLOBAL STATUS', [('wsrep_ready', 'ON'), ('wsrep_cluster_status', 'Primary'),
                            ('wsrep_local_state_comment', 'Synced')])
JOINING = ('GLOBAL STATUS', [('wsrep_ready', 'OFF')])
KEEPS = [NODE, SYNCED, ("'wsrep_osu_method'", [('wsrep_osu_method', 'RSU')]), ('SET SESSION wsrep', 1227),
         ('SESSION.wsrep_OSU_method', [('RSU',)])]
REPLICA = [('SHOW ALL SLAVES', [{'master_server_id': 7, 'slave_io_running': 'Yes'}]), ('SHOW REPLICAS', [])]
TOO_WIDE = [('innodb_strict_mode', 1227), ('ALTER TABLE', 1118)]
READER = [('SHOW GRANTS', [('GRANT SELECT ON `nova`.* TO `nova`@`%`',)]), ('is_no_index', 1142)]
OTHER_COLUMN = [('information_schema.COLUMNS WHERE.*COLUMN_NAME = ', [('int', None, 1)]),
                ('information_schema.COLUMNS', [*COLUMNS, ('mapping_uuid',)])]

# What the server answers, and words of the refusal; None: the migration is on its way to change the table.
MYSQL = {
    'plain': ([], None),
    'no tables': ([('information_schema.COLUMNS', [])], 'nova has not been set up'),
    'somebody else\'s column': (OTHER_COLUMN, 'somebody else made it'),
    'read-only': ([('GLOBAL VARIABLES', [('read_only', 'ON')])], 'takes no changes (read_only=ON)'),
    'a replica': (REPLICA, 'a replica of another one'),
    'a node that is joining': ([*GALERA, JOINING], 'this Galera node is not ready'),
    'a node that keeps changes to itself': (KEEPS, 'would keep the change to itself'),
    'a cluster, small tables': ([*GALERA, SYNCED, *SMALL], None),
    'a cluster, large tables': ([*GALERA, SYNCED, *LARGE], 'by copying or locking it'),
    'no right to alter': (READER, 'lacks ALTER, CREATE, INDEX, INSERT'),
    'rights that no list shows': ([('SHOW GRANTS', 1142), ('is_no_index', 1091)], None),
    'MySQL 5.5, small tables': ([*MYSQL_55, *SMALL], None),
    'MySQL 5.5, large tables': ([*MYSQL_55, *LARGE], 'has about 50000 rows (3 MB)'),
    'a row that is too wide': (TOO_WIDE, 'Accès refusé'),
    'a server that goes away': ([('SHOW GRANTS', 2013), ('is_no_index', 2013)], 'see that the database server runs'),
    'a server that goes away, and might have been a replica': ([('SHOW (ALL|REPLICA|SLAVE)', 2013)], 'Accès refusé'),
}
POSTGRESQL = {
    'plain': ([], None),
    'no tables': ([('c.oid = a.attrelid', [])], 'nova has not been set up'),
    'a standby': ([('pg_is_in_recovery', [(True,)])], 'this server is a standby'),
    'read-only': ([('transaction_read_only', [('on',)])], 'this server is read-only'),
    'tables of somebody else': ([('pg_has_role', [('shadow_instances',)])], 'must be owner of shadow_instances'),
    'a schema that takes no index': ([('has_schema_privilege', [('public',)])],
                                     'may not make an index in the schema public'),
}
TABLE = {'mysql': MYSQL, 'postgresql': POSTGRESQL}


@pytest.fixture
def one_file(load):
    """The modules of the preflight's one file."""
    load('errors')
    own = {name: module for name, module in sys.modules.items() if name.startswith('nova.')}
    script = {'__name__': 'preflight'}
    exec(compile(preflight.text(), 'preflight', 'exec'), script)
    fork = script['load']()
    for name in [name for name in sys.modules if name.startswith('nova.')]:
        del sys.modules[name]
    sys.modules.update(own)
    return fork


def options():
    return types.SimpleNamespace(lock_wait_timeout=1, lock_retries=0, allow_table_copy=False, max_wait=1)


def refusal(errors, action):
    """(words, status) of what an action raises, or None."""
    try:
        action()
    except errors.CascadingError as error:
        return str(error), error.status
    return None


@pytest.mark.parametrize(('dialect', 'condition'), [(dialect, name) for dialect in TABLE for name in TABLE[dialect]])
def test_both_refuse_the_same_in_the_same_words(load, one_file, dialect, condition):
    rules, words = TABLE[dialect][condition]
    early, late = [Connection(getattr(module, SERVERS[dialect]), dialect, *rules, *USUAL[dialect]) for module in (
        getattr(one_file.database.dialects, dialect), load(f'database.dialects.{dialect}'))]
    foreseen = refusal(one_file.errors, lambda: one_file.migration.feasibility.foresee(early, options()))
    met = refusal(load('errors'), load('migration.worker').Worker(late, options(), lambda line: None).run)
    changes = [one for one in early.asked if one.startswith('ALTER TABLE') and 'nova_cascading' not in one]
    assert changes == []
    if words is None:
        assert foreseen is None
        # The server of the test does nothing that it takes.
        assert 'ALTER TABLE shadow_instances ADD COLUMN' in ''.join(late.asked) and 'still lacks' in met[0]
    else:
        assert foreseen == met
        assert words in foreseen[0]


def test_the_one_file_asks_with_its_own_modules(load, one_file):
    assert one_file.errors is not load('errors')
    assert one_file.database.dialects.mysql.__file__ == '<nova.cascading.database.dialects.mysql>'
