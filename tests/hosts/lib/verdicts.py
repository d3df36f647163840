"""The table of server x condition -> verdict, to which preflight and migration are held; docs/databases.md shows it.

Usage: python3 -m tests.hosts.lib.verdicts prints the table.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.hosts.lib import services
from tests.hosts.lib.bed import DATA, PASSWORD, Bed
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register

V233 = 'icehouse-schema-2014.1-v233.mariadb.sql'
GO, REFUSED, NOT_NOW = (0, 0), (1, 1), (3, 2)  # exit status of preflight and of db sync
WORDS = {GO: 'done', REFUSED: 'refused', NOT_NOW: 'cannot tell'}
PGBOUNCER = '''[databases]
* = host=127.0.0.1
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = plain
auth_file = /etc/pgbouncer/users
pool_mode = {mode}
unix_socket_dir =
logfile = /var/tmp/pgbouncer-{mode}.log
pidfile = /var/tmp/pgbouncer-{mode}.pid
'''
HAPROXY_DEFAULTS = '''defaults
    mode tcp
    timeout connect 5s
    timeout client 50s
    timeout server 50s
'''
HAPROXY = HAPROXY_DEFAULTS + '''listen mysql
    bind 127.0.0.1:3399
    server one 127.0.0.1:3306
listen postgresql
    bind 127.0.0.1:5499
    server one 127.0.0.1:5432
'''

register('poolers', base='databases', script=script('poolers'))
register('mysql', base='base', script=script('mysql'))


class Case(NamedTuple):
    """How a condition is made, and what it means.

    :param prepare: statements in the new database, by the server's administrator
    :param account: statements that make the user "odd", who then migrates
    :param url: of the connection, where it is another one
    """

    expected: tuple[int, int]
    prepare: tuple[str, ...] = ()
    account: str = ''
    url: str = '{url}'


VIEW = ('DROP TABLE shadow_instances', 'CREATE VIEW shadow_instances AS SELECT * FROM instances')
LAX = 'SET SESSION innodb_strict_mode = 0'
ZERO = ("SET SESSION sql_mode = ''", "ALTER TABLE instances ADD COLUMN day DATE NOT NULL DEFAULT '0000-00-00'",
        "INSERT INTO instances (uuid, deleted) VALUES ('u', 0)")
COMPACT, REDUNDANT = [(LAX, f'ALTER TABLE instances ROW_FORMAT={name}') for name in ('COMPACT', 'REDUNDANT')]
ODD = f"DROP USER IF EXISTS odd@localhost; CREATE USER odd@localhost IDENTIFIED BY '{PASSWORD}'; "
ROLE = (f'DROP ROLE IF EXISTS odds; CREATE ROLE odds; GRANT ALL ON {{name}}.* TO odds; {ODD}'
        'GRANT odds TO odd@localhost')
MANY = ('SET SESSION sql_mode = \'\'', 'CREATE TEMPORARY TABLE t AS SELECT 1 FROM information_schema.COLUMNS LIMIT 101',
        'CREATE TEMPORARY TABLE u LIKE t', 'INSERT INTO u SELECT * FROM t', 'SET @n = 0',
        "INSERT INTO instances (uuid, deleted) SELECT CONCAT('u', @n := @n + 1), 0 FROM t JOIN u")  # 10,201 rows
VIRTUAL = ('ALTER TABLE instances ADD v VARCHAR(300) AS (CONCAT(host, uuid)) VIRTUAL, ADD KEY (v(50))', *MANY)
COMMON = {  # of MariaDB and MySQL
    'plain': Case(GO),
    'compressed rows': Case(GO, ('ALTER TABLE instances ROW_FORMAT=COMPRESSED',)),
    'dates of zero': Case(GO, ZERO),
    'rights by a pattern': Case(GO, account=ODD + r'GRANT ALL ON `nova%`.* TO odd@localhost'),
    'a role that is not its default': Case(NOT_NOW, account=ROLE),
    'no right to alter': Case(REFUSED, account=ODD + 'GRANT SELECT, INSERT, INDEX ON {name}.* TO odd@localhost'),
    'a full-text index, many rows': Case(REFUSED, ('ALTER TABLE instances ADD FULLTEXT (display_name)', *MANY)),
    'a view in the place of a table': Case(REFUSED, VIEW),
    'an index of that name on another column': Case(REFUSED, (
        'CREATE INDEX instances_mapping_uuid_idx ON instances (host)',)),
    'a copy that pt-online-schema-change makes': Case(NOT_NOW, ('CREATE TABLE _instances_new LIKE instances',)),
    'a column in capital letters': Case(GO, ('ALTER TABLE instances ADD MAPPING_UUID VARCHAR(36)',)),
    'triggers, and tables that refer to instances': Case(GO, (
        'CREATE TRIGGER t AFTER UPDATE ON instances FOR EACH ROW INSERT INTO shadow_instances (uuid) VALUES (NEW.uuid)',
        'CREATE TABLE child (parent INT, FOREIGN KEY (parent) REFERENCES instances (id) ON DELETE CASCADE)')),
    'a limit to the rows of an answer': Case(GO, url='{url}?init_command=SET+sql_select_limit=1'),
    'through HAProxy': Case(GO, url='mysql+pymysql://nova:p%40ss%25w%3Ard%2F1@127.0.0.1:3399/{name}'),
}
MARIADB = {
    **COMMON,
    'a sequence in the place of a table': Case(REFUSED, (VIEW[0], 'CREATE SEQUENCE shadow_instances')),
    'an index on a virtual column, many rows': Case(REFUSED, VIRTUAL),
    'tables with system versioning': Case(GO, ('ALTER TABLE shadow_instances ADD SYSTEM VERSIONING',)),
    'compact rows, made without strict mode': Case(GO, COMPACT),
    'redundant rows, made without strict mode': Case(GO, REDUNDANT),
    'rights through a default role': Case(GO, account=ROLE + '; SET DEFAULT ROLE odds FOR odd@localhost'),
}
MYSQL = {
    **COMMON,
    'an index on an expression': Case(GO, ('ALTER TABLE instances ADD INDEX e ((UPPER(uuid)))',)),
    'a schema that is read-only': Case(REFUSED, ('ALTER DATABASE {name} READ ONLY = 1',)),
    'an index on a virtual column, many rows': Case(GO, VIRTUAL),
    'compact rows, made without strict mode': Case(REFUSED, COMPACT),
    'redundant rows, made without strict mode': Case(REFUSED, REDUNDANT),
    'rights through a default role': Case(GO, account=ROLE + '; SET DEFAULT ROLE odds TO odd@localhost'),
    'compact rows, and SESSION_VARIABLES_ADMIN': Case(GO, COMPACT, ODD + 'GRANT ALL ON {name}.* TO odd@localhost; '
                                                      'GRANT SESSION_VARIABLES_ADMIN ON *.* TO odd@localhost'),
    'row versions used up': Case(GO, ('ALTER TABLE instances ADD COLUMN x INT, ALGORITHM=INSTANT',
                                      'ALTER TABLE instances DROP COLUMN x, ALGORITHM=INSTANT') * 127
                                 + ('ALTER TABLE instances ADD COLUMN x INT, ALGORITHM=INSTANT',)),  # 255 in all
}
PARTIAL = Case(GO, ('ALTER TABLE instances ADD mapping_uuid VARCHAR(36)',
                    'CREATE INDEX e ON instances (mapping_uuid) WHERE deleted = 0'))
PARTITIONED = (
    'DROP TABLE instances', 'CREATE TABLE instances (id INTEGER, uuid VARCHAR(36), hostname VARCHAR(255), '
    'deleted INTEGER) PARTITION BY RANGE (id)',
    'CREATE TABLE one PARTITION OF instances FOR VALUES FROM (0) TO (99999)',
    "INSERT INTO instances SELECT g, 'u' || g, 'h', 0 FROM generate_series(1, 12000) g",
    'ALTER TABLE instances OWNER TO nova', 'ALTER TABLE one OWNER TO nova')
POSTGRESQL = {
    'plain': Case(GO),
    'a statement_timeout of the role': Case(GO, ("ALTER ROLE nova IN DATABASE {name} SET statement_timeout = '3s'",)),
    'a schema that takes no index': Case(REFUSED, ('REVOKE CREATE ON SCHEMA public FROM PUBLIC, nova',
                                                   'ALTER SCHEMA public OWNER TO postgres')),
    'read-only': Case(REFUSED, ('ALTER DATABASE {name} SET default_transaction_read_only = on',)),
    'tables of somebody else': Case(REFUSED, ('ALTER TABLE shadow_instances OWNER TO postgres',
                                              'GRANT ALL ON shadow_instances TO nova')),
    'tables in a schema of their own': Case(GO, (
        'CREATE SCHEMA cloud AUTHORIZATION nova', 'ALTER TABLE instances SET SCHEMA cloud',
        'ALTER TABLE shadow_instances SET SCHEMA cloud',
        'ALTER DATABASE {name} SET search_path = "$user", cloud, public')),
    'an index of that name on another column': Case(REFUSED, (
        'CREATE INDEX instances_mapping_uuid_idx ON reservations (expire)',)),
    'an index on an expression': Case(GO, ('CREATE INDEX e ON instances (upper(uuid))',)),
    'an index on some rows': PARTIAL,
    'a view in the place of a table': Case(REFUSED, VIEW),
    'a sequence in the place of a table': Case(REFUSED, (VIEW[0], 'CREATE SEQUENCE shadow_instances')),
    'a foreign table in the place of a table': Case(REFUSED, (
        VIEW[0], 'CREATE FOREIGN DATA WRAPPER away', 'CREATE SERVER away FOREIGN DATA WRAPPER away',
        'CREATE FOREIGN TABLE shadow_instances (id INTEGER) SERVER away')),
    'a type in the place of a table': Case(REFUSED, (VIEW[0], "CREATE TYPE shadow_instances AS ENUM ('one')")),
    'a partition in the place of a table': Case(REFUSED, (
        VIEW[0], 'CREATE TABLE big (id INTEGER) PARTITION BY RANGE (id)',
        'CREATE TABLE shadow_instances PARTITION OF big FOR VALUES FROM (0) TO (9)')),
    'a table that inherits from the other one': Case(GO, (
        'DROP TABLE instances', 'CREATE TABLE instances () INHERITS (shadow_instances)',
        'ALTER TABLE instances OWNER TO nova')),
    'somebody else\'s table inherits from it': Case(REFUSED, ('CREATE TABLE heir () INHERITS (instances)',)),
    'a table in partitions, many rows': Case(REFUSED, PARTITIONED),
    'through HAProxy': Case(GO, url='postgresql://nova:p%40ss%25w%3Ard%2F1@127.0.0.1:5499/{name}'),
    'behind pgbouncer, by transactions': Case(GO, url='postgresql://nova:p%40ss%25w%3Ard%2F1@127.0.0.1:6432/{name}'),
    'behind pgbouncer, by sessions': Case(GO, url='postgresql://nova:p%40ss%25w%3Ard%2F1@127.0.0.1:6433/{name}'),
    'the server asks the system for the user': Case(GO, url='postgresql://nova@/{name}?host=/run/postgresql'),
}
SQLITE = {
    'an index on some rows': PARTIAL,
    'plain': Case(GO),
    'a view in the place of a table': Case(REFUSED, VIEW),
    'a virtual table in the place of a table': Case(REFUSED, (
        VIEW[0], 'CREATE VIRTUAL TABLE shadow_instances USING fts5(uuid)')),
    'an index of that name on another column': POSTGRESQL['an index of that name on another column'],
    'a column in capital letters': Case(GO, ('ALTER TABLE instances ADD MAPPING_UUID VARCHAR(36)',)),
    'write-ahead logging': Case(GO, ('PRAGMA journal_mode = WAL',)),
}
FAMILIES = {'MariaDB': MARIADB, 'MySQL': MYSQL, 'PostgreSQL': POSTGRESQL, 'SQLite': SQLITE}
# What each suite of Debian has of them.
VERSIONS = {'bullseye': {'MariaDB': '10.5', 'PostgreSQL': '13'},
            'bookworm': {'MariaDB': '10.11', 'PostgreSQL': '15', 'SQLite': '3.40'},
            'trixie': {'MariaDB': '11.8', 'PostgreSQL': '17'}, 'sid': {'MySQL': '9.7'}}
CELLS = [(suite, family, condition) for suite, families in VERSIONS.items() for family in families
         for condition in FAMILIES[family]]


def bed_of(suite: str, module_host, kind: type[Bed] = Bed) -> Bed:
    """A host with all the servers of a suite, and what stands before them."""
    if suite == 'sid':
        bed = kind(module_host(suite, 'mysql'), latest=None)
        bed.start_mysql()
        _start_haproxy(bed)
        return bed
    bed = kind(module_host(suite, 'poolers'))
    if not bed.host.exists('/usr/lib/python3/dist-packages/migrate'):
        bed.latest = None
    bed.host.run('useradd --system nova')
    bed.start_mariadb()
    bed.start_postgresql()
    bed.host.write('/etc/pgbouncer/users', f'"nova" "{PASSWORD}"\n')
    for port, mode in ((6432, 'transaction'), (6433, 'session')):
        bed.host.write(f'/etc/pgbouncer/{mode}.ini', PGBOUNCER.format(port=port, mode=mode))
        bed.host.run(f'su postgres -s /bin/sh -c "pgbouncer -d /etc/pgbouncer/{mode}.ini"')
    _start_haproxy(bed)
    return bed


def _start_haproxy(bed: Bed) -> None:
    bed.host.write('/etc/haproxy/haproxy.cfg', HAPROXY)
    bed.host.run('haproxy -D -f /etc/haproxy/haproxy.cfg')
    services.wait_for(bed.host, 'mysqladmin -h 127.0.0.1 -P 3399 ping 2>&1 | grep -q "alive\\|denied"')


def outcome(bed: Bed, url: str, more: str = '') -> tuple[int, int]:
    """What preflight and then the migration exit with; when it is done, it is right."""
    early, done = bed.preflight(url, more), bed.cascading('db sync', url, more, check=False)
    assert done.status or bed.cascading('db check', url, more, check=False).status == 0
    return early.status, done.status


def _schema() -> str:
    """What the fork looks at of Icehouse's tables: all of them would take longer than the migration."""
    text = (DATA / V233).read_text()
    tables = [re.search(rf'^CREATE TABLE `{name}` .*?;\n', text, re.MULTILINE | re.DOTALL)
              for name in ('instances', 'shadow_instances', 'migrate_version')]
    made = ''.join(found.group() for found in tables if found)
    # As MySQL takes them, too: there, names of constraints are unique in a database.
    made = re.sub('CONSTRAINT `CONSTRAINT_[0-9]+` CHECK', 'CHECK', made)
    return made + "INSERT INTO migrate_version VALUES ('nova', '/x', 233);"


def met(bed: Bed, family: str, condition: str) -> tuple[int, int]:
    """What a condition of a server comes to."""
    case = FAMILIES[family][condition]
    url = {'PostgreSQL': bed.postgresql, 'SQLite': bed.sqlite}.get(family, lambda: bed.mariadb(_schema()))()
    name = url.rpartition('/')[2]
    statements = [one.format(name=name) for one in case.prepare] or ['SELECT 1']
    if family == 'SQLite':
        for statement in statements:
            bed.sqlite3(url, statement)
    elif family == 'PostgreSQL':
        bed.psql('; '.join(statements), name)
    else:
        bed.host.sql('; '.join(statements), name)
    if case.account:
        bed.host.sql(case.account.format(name=name), 'mysql')
        url = url.replace('nova:', 'odd:', 1).replace('127.0.0.1', 'localhost')
    return outcome(bed, case.url.format(url=url, name=name))


def table() -> str:
    """All of it, as docs/databases.md has it."""
    versions = {family: ', '.join(found[family] for found in VERSIONS.values() if family in found)
                for family in FAMILIES}
    rows = [['condition', *(f'{family} {versions[family]}' for family in FAMILIES)], ['---'] * (len(FAMILIES) + 1)]
    for condition in dict.fromkeys(name for cases in FAMILIES.values() for name in cases):
        rows.append([condition, *(WORDS[cases[condition].expected] if condition in cases else ''
                                  for cases in FAMILIES.values())])
    return ''.join('| ' + ' | '.join(row) + ' |\n' for row in rows).replace('|  |', '| |').replace('|  |', '| |')


if __name__ == '__main__':
    print(table(), end='')
