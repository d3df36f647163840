"""Real database servers in a test host, and novas of a few files that contain the fork's own modules."""

from __future__ import annotations

import itertools
import subprocess
from urllib.parse import quote

from builder.common.project import PROJECT
from tests.hosts.lib import services
from tests.hosts.lib.host import Host, Result
from tests.hosts.lib.kinds import script
from tests.hosts.lib.layers import register

SOURCE = PROJECT / 'src' / 'nova'
DATA = PROJECT / 'tests' / 'data'
PASSWORD = 'p@ss%w:rd/1'
PREFLIGHT = 'nova/cascading/host/preflight.py'  # in a nova that has the fork
INSTANCES = '''
CREATE TABLE instances (id INTEGER PRIMARY KEY, uuid VARCHAR(36) UNIQUE, hostname VARCHAR(255), deleted INTEGER);
CREATE TABLE shadow_instances (id INTEGER PRIMARY KEY, uuid VARCHAR(36), hostname VARCHAR(255), deleted INTEGER);
CREATE TABLE reservations (id INTEGER PRIMARY KEY, deleted INTEGER, expire TIMESTAMP);
CREATE TABLE migrate_version (repository_id VARCHAR(250) PRIMARY KEY, repository_path TEXT, version INTEGER);
INSERT INTO migrate_version VALUES ('nova', '/x', 233);
'''
OWN_234 = '''
from sqlalchemy import MetaData, Table, Index
NAME = 'reservations_deleted_expire_idx'
def upgrade(migrate_engine):
    table = Table('reservations', MetaData(bind=migrate_engine), autoload=True)
    if NAME not in [index.name for index in table.indexes]:
        Index(NAME, table.c.deleted, table.c.expire).create(migrate_engine)
'''
NUMBERS = itertools.count(1)

register('sqlalchemies', base='databases', script=script('sqlalchemies'))
register('sqlalchemies27', base='py27', script=script('sqlalchemies27'))


def tiny_nova(host: Host, latest: int | None = 233) -> str:
    """A directory in the host with a package `nova`: the fork's modules, migrations up to `latest` (None: alembic)."""
    root = f'/opt/nova-{latest}'
    if not host.exists(root):
        (host.path(root) / 'nova' / 'db' / 'sqlalchemy').mkdir(parents=True)
        for package in ('nova', 'nova/db', 'nova/db/sqlalchemy'):
            host.write(f'{root}/{package}/__init__.py', '')
        host.put(SOURCE, f'{root}/nova')
        if latest:
            _write_migrations(host, f'{root}/nova/db/sqlalchemy/migrate_repo', latest)
    return root


def _write_migrations(host: Host, place: str, latest: int) -> None:
    host.write(f'{place}/migrate.cfg',
               '[db_settings]\nrepository_id=nova\nversion_table=migrate_version\nrequired_dbs=[]\n')
    host.write(f'{place}/__init__.py', '')
    host.write(f'{place}/versions/__init__.py', '')
    for number in range(216, latest + 1):
        text = OWN_234 if number == 234 else 'def upgrade(migrate_engine):\n    pass\n'
        host.write(f'{place}/versions/{number}_own.py', text)


class Bed:
    """One host with its servers.

    :param host: a host of layer "databases", or one above it
    :param latest: nova's migrations, as tiny_nova() takes them
    """

    def __init__(self, host: Host, latest: int | None = 233) -> None:
        self.host = host
        self.latest = latest
        self.grants = f"IDENTIFIED BY '{PASSWORD}'"

    def start_mariadb(self, options: str = '') -> None:
        """Start MariaDB; with options, they stay in force for this host."""
        if options:
            self.host.write('/etc/mysql/mariadb.conf.d/95-bed.cnf', '[mysqld]\n' + options.replace(' ', '\n') + '\n')
        self.host.start_mariadb()
        self.make_user()

    def start_mysql(self) -> None:
        """Start Oracle's server, which takes the place of MariaDB in all other methods."""
        services.start_mysql(self.host)
        self.make_user()

    def make_user(self) -> None:
        """Let nova into all databases whose names begin so."""
        self.host.sql(f"CREATE USER IF NOT EXISTS nova@'%' {self.grants}, nova@localhost {self.grants}; "
                      "GRANT ALL ON `nova%`.* TO nova@'%', nova@localhost", 'mysql')

    def start_postgresql(self) -> None:
        """Start the cluster that Debian's package has made."""
        self.host.run('pg_ctlcluster $(pg_lsclusters -h | cut -d" " -f1) main start')
        services.wait_for(self.host, 'su postgres -c "psql -c \'SELECT 1\'"')
        self.psql(f"CREATE USER nova PASSWORD '{PASSWORD}'")

    def psql(self, statements: str, database: str = 'postgres') -> str:
        """Run statements as the superuser of PostgreSQL."""
        return self.host.run(f'su postgres -c "psql -v ON_ERROR_STOP=1 -qAt {database}"', input=statements).out

    def mariadb(self, schema: str = '', name: str = '') -> str:
        """A new database; `schema` is a statement list or the name of a file in tests/data. Returns its URL."""
        name = name or f'nova{next(NUMBERS)}'
        self.host.sql(f'CREATE DATABASE {name} CHARACTER SET utf8', 'mysql')
        text = (DATA / schema).read_text() if schema.endswith('.sql') else schema
        if text:
            self.host.run(f'mysql {name}', input=text)
        return f'mysql+pymysql://nova:{quote(PASSWORD, safe="")}@127.0.0.1/{name}'

    def postgresql(self, schema: str = INSTANCES) -> str:
        """A new database with the given tables, owned by nova; returns its URL."""
        name = f'nova{next(NUMBERS)}'
        self.psql(f'CREATE DATABASE {name} OWNER nova')
        self.psql('SET ROLE nova;' + schema, name)
        return f'postgresql://nova:{quote(PASSWORD, safe="")}@127.0.0.1/{name}'

    def sqlite(self, schema: str = INSTANCES) -> str:
        """A new file with the given tables; returns its URL."""
        path = f'/var/tmp/nova{next(NUMBERS)}.sqlite'
        self.host.run(f'python3 -c "import sqlite3, sys; sqlite3.connect(\'{path}\').executescript(sys.stdin.read())"',
                      input=schema)
        return f'sqlite:///{path}'

    def conf(self, url: str = '', more: str = '') -> str:
        """A new nova.conf that names this database; returns its path."""
        path = f'/etc/nova-bed/{next(NUMBERS)}.conf'
        self.host.write(path, (f'[database]\nconnection = {url}\n' if url else '') + more)
        return path

    def command(self, words: str, conf: str, latest: int | None = 233, python: str = 'python3') -> str:
        """The shell line of a nova-cascading command with this nova.conf."""
        root = tiny_nova(self.host, latest)
        return f'cd {root} && exec {python} -B -m nova.cascading {words} --config-file {conf}'

    def cascading(self, words: str, url: str = '', more: str = '', *, latest: int | None = -1, python: str = 'python3',
                  check: bool = True, fault: str = '') -> Result:
        """Run a nova-cascading command on one database.

        :param more: what nova.conf says besides [database] connection
        :param latest: nova's migrations, as tiny_nova() takes them; -1: as all of the bed
        :param fault: the point at which it kills itself
        """
        line = self.command(words, self.conf(url, more), self.latest if latest == -1 else latest, python)
        return self.host.run(line, check=check, env={'NOVA_CASCADING_FAULT': fault} if fault else None, timeout=240)

    def preflight(self, url: str = '', more: str = '') -> Result:
        """Ask whether this database could be migrated, as a package does before it is installed."""
        root = tiny_nova(self.host, self.latest)
        line = f'PYTHONPATH={root} python3 -B {root}/{PREFLIGHT} --config-file {self.conf(url, more)}'
        return self.host.run(line, check=False)

    def start(self, words: str, url: str, more: str = '', *, latest: int | None = -1) -> subprocess.Popen:
        """The same command in the background; its output is piped together."""
        line = self.command(words, self.conf(url, more), self.latest if latest == -1 else latest)
        return self.host.spawn(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def columns(self, url: str, table: str = 'instances') -> list[str]:
        """The columns of a table in their order, on any server."""
        name = url.rpartition('/')[2]
        if url.startswith('mysql'):
            return [row[0] for row in self.host.sql(f'SHOW COLUMNS FROM {table}', name)]
        if url.startswith('postgresql'):
            return self.psql('SELECT column_name FROM information_schema.columns '
                             f"WHERE table_name = '{table}' ORDER BY ordinal_position", name).split()
        return [line.split('|')[1] for line in self.sqlite3(url, f'PRAGMA table_info({table})').splitlines()]

    def sqlite3(self, url: str, statement: str) -> str:
        """Run a statement on an SQLite file."""
        code = "import sqlite3, sys; print('\\n'.join('|'.join(map(str, row)) for row in " \
               "sqlite3.connect(sys.argv[1]).execute(sys.stdin.read())))"
        return self.host.run(f'python3 -c "{code}" {url.partition(":///")[2]}', input=statement).out

    def is_right(self, url: str) -> bool:
        """Whether both tables have the column at the same position and `db check` finds all in place."""
        places = [self.columns(url, table).index('mapping_uuid') for table in ('instances', 'shadow_instances')]
        return places[0] == places[1] and self.cascading('db check', url, check=False).status == 0
