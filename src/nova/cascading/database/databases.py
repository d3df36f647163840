"""Find all databases of a nova: the one in nova.conf and, with cells v2, one for each cell."""

import sqlalchemy
from sqlalchemy import pool

from nova.cascading import config, errors, redact
from nova.cascading.database import asking, celltemplate, connection, identity, silence, systemuser
from nova.cascading.database.dialects import base

CELL0 = '00000000-0000-0000-0000-000000000000'
_ALSO = {'mariadb': 'mysql', 'postgres': 'postgresql'}
# What drivers take from behind the question mark that leads to another server or database.
_PLACES = ('host', 'hostaddr', 'port', 'unix_socket', 'db', 'database', 'dbname', 'service', 'read_default_file',
           'read_default_group')
_TIMEOUT_ARGUMENT = {'mysqldb': 'connect_timeout', 'pymysql': 'connect_timeout', 'psycopg2': 'connect_timeout',
                     'psycopg': 'connect_timeout', 'mysqlconnector': 'connection_timeout'}


class LeftAlone(errors.CascadingError):
    """A database cannot be asked, and no service of this host reads it: one nova.conf for all hosts, and a firewall."""

    status = 0


class Database(object):
    """One database to look after.

    :param name: what to call it in messages: 'main', 'cell0', or the name of the cell, or its uuid when it has no name
        of its own
    :param url: the connection string, as SQLAlchemy reads it
    :param transport: the message bus of the conductors that write to it, as the API database names it (a template, as
        celltemplate.fill_in); None: the one in nova.conf
    :param is_shipped: whether only the distribution names it, so that it may be nobody's
    """

    def __init__(self, name, url, transport=None, is_shipped=False):
        redact.know(url)
        redact.know(transport or '')
        self.name = name
        self.url = url
        self.transport = transport
        self.is_shipped = is_shipped

    def engine(self, timeout=10, is_patient=False):
        """An engine that connects anew each time, and gives up after `timeout` seconds.

        On a local socket, where a server may ask the system who the user is, root connects as nova, as nova does.
        """
        try:
            url = sqlalchemy.engine.url.make_url(self.url)
            driver = url.get_dialect().driver
            arguments = {_TIMEOUT_ARGUMENT[driver]: timeout} if driver in _TIMEOUT_ARGUMENT else {}
            arguments.update(silence.limits(driver, timeout, is_patient))
            engine = sqlalchemy.create_engine(self.url, poolclass=pool.NullPool, connect_args=arguments)
            if not systemuser.is_needed(url):
                return engine
            words, values = engine.dialect.create_connect_args(url)
            values = dict(values, **arguments)
            return sqlalchemy.create_engine(self.url, poolclass=pool.NullPool, creator=lambda: systemuser.as_nova(
                lambda: engine.dialect.connect(*words, **values)))
        except ImportError as error:
            raise errors.Unreachable('{0}: the driver that its connection string names is missing: {1}'.format(
                self, redact.hide(error)), 'install that driver, or correct [database] connection of nova.conf')
        except Exception as error:  # each SQLAlchemy raises another class for a string it cannot read
            reason = redact.hide(error) if '://' in self.url else 'there is no :// in it'  # it may be a password
            raise errors.Unreachable('{0}: its connection string cannot be used: {1}'.format(self, reason),
                                     'correct [database] connection of nova.conf (with cells also: nova-manage '
                                     'cell_v2 update_cell)')

    def load_driver(self):
        """Import here what each process that asks it would have to import by itself."""
        try:
            self.engine()
        except errors.Unreachable:
            pass  # who asks says so

    @property
    def identity(self):
        """What makes two connection strings lead to the same database, whatever the driver and the user."""
        try:
            url = sqlalchemy.engine.url.make_url(self.url)
        except Exception:
            return ('', None, None, self.url, None)
        kind = url.drivername.partition('+')[0]
        return (_ALSO.get(kind, kind), url.host, url.port, url.database, tuple(_places(url)))

    def __str__(self):
        try:
            url = sqlalchemy.engine.url.make_url(self.url)
        except Exception:
            return 'database {0}'.format(self.name)
        host = errors.text(url.host or '').rpartition('@')[2]  # an '@' in the password leaves its tail in front
        host = host or ', '.join(value for _, values in _places(url) for value in values)
        place = ' on {0}'.format(host) if host else ''
        name = errors.text(url.database)
        if url.host and '@' in name:  # a '/' in the password: what looks like the host is a part of it
            name, place = name.rpartition('@')[2], ''
        return 'database {0} ({1}{2})'.format(self.name, name, place)


def _places(url):
    """[(option, its values)] of those in _PLACES; SQLAlchemy has several values of one as a tuple."""
    given = dict(url.query)
    return [(name, tuple(given[name]) if isinstance(given[name], (list, tuple)) else (given[name],))
            for name in _PLACES if given.get(name)]


def of(conf, deadline=None):
    """Every database that this configuration leads to, each once.

    :param deadline: asking.Deadline for all questions that this takes
    :returns: (list of Database, list of errors met while reading the API database)
    """
    deadline = deadline or asking.Deadline()
    main = config.used(conf)
    found = [Database('main', main, is_shipped='database' in conf.shipped)] if main else []
    for database in found:
        database.load_driver()
    problems = []
    try:
        found += _cells(config.used(conf, 'api_database'), conf, deadline)
    except errors.CascadingError as error:
        if not is_nobodys('api_database' in conf.shipped, error):
            problems.append(error)
    found += [Database(name, url) for name, url in conf.others]
    return identity.each_once(found, deadline), problems


def ask(conf, question, deadline=None):
    """Ask every database something at once; what it takes is limited, also when a server keeps silent.

    :param question: function of a Connection; its value must be plain data
    :param deadline: asking.Deadline
    :returns: (list of (Database, asking.Answer), list of errors met while reading the API database)
    """
    deadline = deadline or asking.Deadline()
    found, problems = of(conf, deadline)
    answers = asking.all_of([_question(database, question) for database in found], deadline)
    return [(database, asking.Answer(answer.value, to_this_host(conf, answer.error)))
            for database, answer in zip(found, answers)
            if not is_nobodys(database.is_shipped, answer.error)], [to_this_host(conf, one) for one in problems]


def to_this_host(conf, error):
    """What it means here that a database has this error: on a compute host, one that cannot be asked is nobody's.

    :param error: errors.CascadingError or None
    """
    if isinstance(error, errors.Unreachable) and config.is_compute_host(conf):
        return LeftAlone('{0}; left alone, as no service of this host reads databases'.format(error.what))
    return error


def is_nobodys(is_shipped, error):
    """Whether there is no nova in what the configuration names, and nobody has said that there is one."""
    if is_shipped:
        return isinstance(error, errors.Uninitialised) or getattr(error, 'kind', None) in (base.LOGIN,
                                                                                           base.NO_DATABASE)
    return isinstance(error, errors.MissingFile) and error.is_default


def _question(database, question):
    def ask_it():
        with connection.opened(database) as opened:
            return question(opened)
    return asking.Question(str(database), ask_it)


def _cells(api_url, conf, deadline):
    if not api_url:
        return []
    api = Database('api', api_url)
    api.load_driver()
    answer = asking.all_of([_question(api, _mappings)], deadline, share=0.5)[0]
    if answer.error:
        raise answer.error
    main = config.written(conf)
    return [Database(name, config.extended(conf, celltemplate.fill_in(url or '', main)), bus_of(transport))
            for name, (_, _, url, transport) in zip(_names(answer.value), answer.value)]


def _names(cells):
    given = ['cell0' if row[0] == CELL0 else errors.text(row[1] or row[0]) for row in cells]
    return [name if (['main'] + given).count(name) == 1 else errors.text(row[0]) for name, row in zip(given, cells)]


def _mappings(api):
    if not api.server.has_table('cell_mappings'):
        return []
    return api.rows('SELECT uuid, name, database_connection, transport_url FROM cell_mappings ORDER BY id')


def bus_of(transport_url):
    """cell0 has none of its own: nova-manage writes none:/// there."""
    return None if not transport_url or transport_url.startswith('none:') else transport_url
