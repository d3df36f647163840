"""Find all databases of a nova: the one in nova.conf and, with cells v2, one for each cell."""

import sqlalchemy
from sqlalchemy import pool

from nova.cascading import celltemplate, config, connection, errors, redact

CELL0 = '00000000-0000-0000-0000-000000000000'
_TIMEOUT_ARGUMENT = {'mysqldb': 'connect_timeout', 'pymysql': 'connect_timeout', 'psycopg2': 'connect_timeout',
                     'psycopg': 'connect_timeout', 'mysqlconnector': 'connection_timeout'}


class Database(object):
    """One database to look after.

    :param name: what to call it in messages: 'main', 'cell0', or the name or uuid of the cell
    :param url: the connection string, as SQLAlchemy reads it
    :param transport: the message bus of the conductors that write to it, as the API database names it (a template, as
        for celltemplate.fill_in); None: the one in nova.conf
    """

    def __init__(self, name, url, transport=None):
        redact.know(url)
        redact.know(transport or '')
        self.name = name
        self.url = url
        self.transport = transport

    def engine(self, timeout=10):
        """An engine that connects anew each time, and gives up after `timeout` seconds."""
        try:
            driver = sqlalchemy.engine.url.make_url(self.url).get_dialect().driver
            arguments = {_TIMEOUT_ARGUMENT[driver]: timeout} if driver in _TIMEOUT_ARGUMENT else {}
            return sqlalchemy.create_engine(self.url, poolclass=pool.NullPool, connect_args=arguments)
        except ImportError as error:
            raise errors.Unreachable('{0}: the driver that its connection string names is missing: {1}'.format(
                self, redact.hide(error)))
        except Exception as error:  # each SQLAlchemy raises another class for a string it cannot read
            raise errors.Unreachable('{0}: its connection string cannot be used: {1}'.format(
                self, redact.hide(error)))

    @property
    def identity(self):
        """What makes two connection strings lead to the same database, whatever the driver and the user."""
        try:
            url = sqlalchemy.engine.url.make_url(self.url)
        except Exception:
            return self.url
        socket = dict(url.query).get('unix_socket')
        return (url.drivername.partition('+')[0], url.host, url.port, url.database, socket)

    def __str__(self):
        try:
            url = sqlalchemy.engine.url.make_url(self.url)
        except Exception:
            return 'database {0}'.format(self.name)
        host = (url.host or '').rpartition('@')[2]  # an '@' in the password leaves its tail in front
        place = ' on {0}'.format(host) if host else ''
        return 'database {0} ({1}{2})'.format(self.name, url.database, place)


def of(conf):
    """Every database that this configuration leads to, each once.

    :returns: (list of Database, list of errors met while reading the API database)
    """
    main = config.connection(conf)
    found = [Database('main', main)] if main else []
    problems = []
    try:
        found += _cells(config.connection(conf, 'api_database'), main)
    except errors.CascadingError as error:
        problems.append(error)
    return _each_once(found), problems


def _each_once(found):
    """The first with a name to know it by; what only a later one tells, the message bus, is taken from that."""
    known, result = {}, []
    for database in found:
        first = known.setdefault(database.identity, database)
        if first is database:
            result.append(database)
        first.transport = first.transport or database.transport
    return result


def _cells(api_url, main_url):
    if not api_url:
        return []
    with connection.opened(Database('api', api_url)) as api:
        if not api.server.has_table('cell_mappings'):
            return []
        rows = api.rows('SELECT uuid, name, database_connection, transport_url FROM cell_mappings ORDER BY id')
    return [Database('cell0' if uuid == CELL0 else name or uuid, celltemplate.fill_in(url, main_url),
                     bus_of(transport))
            for uuid, name, url, transport in rows]


def bus_of(transport_url):
    """cell0 has none of its own: nova-manage writes none:/// there."""
    return None if not transport_url or transport_url.startswith('none:') else transport_url
