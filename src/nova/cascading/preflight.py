#!/usr/bin/python3
"""Tell, on a host with stock nova, whether the databases could take the change that nova-cascading makes.

Usage: preflight.py [--config-file FILE]... [--config-dir DIR]...
Exit status: 0 go on, 1 refuse (the reason and the way out are printed). Changes nothing. Complete in this one file, as
it runs before anything of nova-cascading is installed. Python 2.6 to 3.13.
"""

import os
import re
import sys

SMALL = 10000  # rows; copying as many takes a fifth of a second
TABLES = ('instances', 'shadow_instances')
CELL0 = '00000000-0000-0000-0000-000000000000'
SECRETS = set()  # passwords to keep out of what is printed


class Refusal(Exception):
    """args: reason, way out."""


def say(text):
    print('nova-cascading: ' + text)


def hide(error):
    """The text of an error without passwords."""
    error = getattr(error, 'orig', None) or error
    text = ' '.join('{0}'.format(part).strip() for part in getattr(error, 'args', ()) or (error,))
    for secret in sorted(SECRETS, key=len, reverse=True):
        text = text.replace(secret, '***')
    return re.sub(r'(://[^:/@\s]*:)[^\s\'"]*@', r'\1***@', text)


def configuration(cfg, arguments):
    conf = cfg.ConfigOpts()
    old = [cfg.DeprecatedOpt('sql_connection', group='DEFAULT'), cfg.DeprecatedOpt('sql_connection', group='DATABASE'),
           cfg.DeprecatedOpt('connection', group='sql')]
    conf.register_opts([cfg.StrOpt('state_path', default='/var/lib/nova'), cfg.StrOpt('my_ip'), cfg.StrOpt('host')])
    conf.register_opts([cfg.BoolOpt('auto_migrate', default=True), cfg.BoolOpt('allow_table_copy', default=False)],
                       group='cascading')
    conf.register_opt(cfg.StrOpt('connection', secret=True, deprecated_opts=old), group='database')
    conf.register_opt(cfg.StrOpt('connection', secret=True), group='api_database')
    files = [path for path in cfg.find_config_files(project='nova', prog='nova-manage')
             if not path.endswith('-dist.conf')]  # RDO's defaults name a database that nobody chose
    conf(arguments, project='nova', prog='nova-manage', default_config_files=files)
    return conf


class Database(object):

    def __init__(self, name, url):
        self.name = name
        self.url = url
        self.keep_secret(url.partition('://')[2].rpartition('@')[0].partition(':')[2])

    @staticmethod
    def keep_secret(password):
        try:
            from urllib.parse import unquote
        except ImportError:
            from urllib import unquote
        for form in (password, unquote(password)):
            SECRETS.update(part for part in [form] + form.split('@') if len(part) > 2)

    def __enter__(self):
        import sqlalchemy
        from sqlalchemy import pool
        engine = sqlalchemy.create_engine(self.url, poolclass=pool.NullPool)
        self.kind = engine.dialect.name
        self.text = sqlalchemy.text
        self.is_there = self.kind != 'sqlite' or os.path.exists(engine.url.database or '')
        self.connection = engine.connect() if self.is_there else None
        return self

    def __exit__(self, *_):
        if self.connection:
            self.connection.close()

    def rows(self, statement, **values):
        return [tuple(row) for row in self.connection.execute(self.text(statement), values).fetchall()]

    def settings(self, what, names):
        rows = self.rows("SHOW GLOBAL {0} WHERE Variable_name IN ('{1}')".format(what, "', '".join(names)))
        return dict((name.lower(), value.upper()) for name, value in rows)

    def columns(self, table):
        if not self.is_there:
            return []
        if self.kind == 'sqlite':
            return [row[1] for row in self.rows('PRAGMA table_info({0})'.format(table))]
        where = 'DATABASE()' if self.kind == 'mysql' else 'current_schema()'
        return [row[0] for row in self.rows('SELECT column_name FROM information_schema.columns WHERE table_schema = '
                                            + where + ' AND table_name = :name', name=table)]

    def check(self, options):
        """Raise Refusal when a migration of this database would fail."""
        columns = [self.columns(table) for table in TABLES]
        if all('mapping_uuid' in one for one in columns) or not all(columns):
            return
        if self.kind == 'sqlite':
            self.check_file()
        elif self.kind == 'postgresql':
            self.check_postgresql()
        else:
            self.check_mysql(options)

    def check_file(self):
        path = self.connection.engine.url.database
        if not os.access(path, os.W_OK):
            raise Refusal(path + ' is not writable', 'run this as root or as the user nova')

    def check_postgresql(self):
        if self.rows('SELECT pg_is_in_recovery()')[0][0] or self.rows('SHOW transaction_read_only')[0][0] == 'on':
            raise Refusal('the server is a standby or read-only', 'name the primary in nova.conf')
        owned = self.rows("SELECT relname FROM pg_class WHERE relname IN ('instances', 'shadow_instances') "
                          "AND pg_table_is_visible(oid) AND pg_has_role(relowner, 'USAGE')")
        if len(owned) < len(TABLES):
            raise Refusal('the database user does not own the tables and may not change them',
                          'ALTER TABLE ... OWNER TO the user of nova.conf')

    def check_mysql(self, options):
        self.check_writable()
        self.check_privileges()
        galera = self.settings('VARIABLES', ['wsrep_on']).get('wsrep_on') == 'ON'
        if galera:
            self.check_galera()
        if options.allow_table_copy or all(self.is_small(table) for table in TABLES):
            return
        if galera or not self.changes_in_place():
            raise Refusal('the server can only change these tables by locking them, and they are large',
                          'set [cascading] allow_table_copy = true in nova.conf and install in a quiet hour')

    def check_writable(self):
        settings = self.settings('VARIABLES', ['read_only', 'super_read_only', 'innodb_read_only'])
        status = self.settings('STATUS', ['Slaves_running', 'Slave_running', 'Slaves_connected'])
        follows = status.get('slaves_running', '0') != '0' or status.get('slave_running') == 'ON'
        if set(settings.values()) - set(['OFF', '0']) or follows and status.get('slaves_connected', '0') == '0':
            raise Refusal('the server is a replica or takes no changes', 'name the primary in nova.conf')

    def check_privileges(self):
        held = set(row[0] for row in self.rows(
            'SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES UNION '
            'SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE DATABASE() LIKE TABLE_SCHEMA UNION '
            "SELECT PRIVILEGE_TYPE FROM information_schema.TABLE_PRIVILEGES WHERE TABLE_SCHEMA = DATABASE() "
            "AND TABLE_NAME = 'instances'"))
        lacking = [name for name in ('ALTER', 'CREATE', 'INDEX', 'INSERT') if name not in held]
        if lacking:
            raise Refusal('the database user lacks ' + ', '.join(lacking),
                          'GRANT {0} ON {1}.* to it'.format(', '.join(lacking), self.rows('SELECT DATABASE()')[0][0]))

    def check_galera(self):
        state = self.settings('STATUS', ['wsrep_ready', 'wsrep_cluster_status', 'wsrep_local_state_comment'])
        if sorted(state.values()) != ['ON', 'PRIMARY', 'SYNCED']:
            raise Refusal('this Galera node is not a synchronized part of its cluster', 'bring it back')

    def is_small(self, table):
        return self.rows('SELECT COUNT(*) FROM (SELECT 1 FROM {0} LIMIT {1}) found'.format(
            table, SMALL + 1))[0][0] <= SMALL

    def changes_in_place(self):
        version = self.rows('SELECT VERSION()')[0][0]
        engines = self.rows("SELECT DISTINCT LOWER(ENGINE) FROM information_schema.TABLES WHERE "
                            "TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ('instances', 'shadow_instances')")
        return engines == [('innodb',)] and tuple(int(part) for part in version.split('.')[:2]) >= (5, 6)

    def cells(self, main):
        """The databases that an API database names."""
        columns = self.columns('cell_mappings')
        rows = self.rows('SELECT uuid, name, database_connection FROM cell_mappings') if columns else []
        return [Database('cell0' if uuid == CELL0 else name or uuid, fill_in(url, main)) for uuid, name, url in rows]


def fill_in(template, main):
    try:
        from urllib.parse import urlparse
    except ImportError:
        from urlparse import urlparse
    if '{' not in template or not main:
        return template
    url = urlparse(main)
    return template.format(username=url.username, password=url.password, hostname=url.hostname, port=url.port,
                           scheme=url.scheme, query=url.query, fragment=url.fragment, path=url.path.lstrip('/'))


def examine(database, action):
    """Run action with the open database; tell why it cannot be, and return whether it could."""
    try:
        with database:
            return action(database)
    except Refusal as error:
        say('database {0}: {1}\n  {2}'.format(database.name, error.args[0], error.args[1]))
    except Exception as error:  # each driver raises classes of its own
        say('database {0}: {1}\n  see that it runs, and that nova.conf is right'.format(database.name, hide(error)))
    return None


def verdict(conf):
    """0 when every database could be migrated."""
    main, api = conf.database.connection, conf.api_database.connection
    found = [Database('main', main)] if main else []
    if api:
        cells = examine(Database('api', api), lambda database: database.cells(main))
        if cells is None:
            return 1
        found += [cell for cell in cells if cell.url != main]
    if not found:
        say('nothing to migrate here: nova.conf names no database')
    return 0 if all([examine(one, lambda database: database.check(conf.cascading) or True) for one in found]) else 1


def main(arguments):
    try:
        try:
            from oslo_config import cfg
        except ImportError:
            from oslo.config import cfg
        import sqlalchemy  # noqa: F401
    except ImportError:
        say('no nova works on this host yet, so there is nothing to migrate')
        return 0
    try:
        conf = configuration(cfg, arguments)
        if not conf.cascading.auto_migrate:
            say('auto_migrate = false in nova.conf: the databases are yours to migrate, with: nova-cascading db sync')
            return 0
        return verdict(conf)
    except (cfg.Error, EnvironmentError) as error:
        say('cannot read nova.conf: {0}\n  run this as root, with the nova.conf of this host'.format(hide(error)))
        return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
