"""Talk to nova's conductors: all of them, or one host's, in every cell."""

import calendar
import collections
import contextlib
import signal
import time
import uuid

try:
    from oslo_config import cfg
except ImportError:
    from oslo.config import cfg

from nova.cascading import config, connection, databases, errors

KEEPS, LOSES, SILENT, DOWN = 'keeps mappings', 'LOSES mappings: stock nova', 'does not answer', 'down'
STATUS = {KEEPS: 0, LOSES: 1, SILENT: 2, DOWN: 0}
TIMEOUT = 5  # seconds for an answer
LATE = 60  # seconds after its last report until nova takes a service for dead (service_down_time)

Conductor = collections.namedtuple('Conductor', 'database host state')


class Bus(object):
    """nova's message bus, with nova's own configuration.

    :param conf: what config.read returned
    """

    def __init__(self, conf):
        import nova.config
        with in_time('the message bus'):
            nova.config.parse_args(['nova-manage'] + directories(conf), default_config_files=files(conf))
        self.urls = transport_urls(conf)
        self.clients = {}

    def of(self, database):
        """nova's client of the conductors that write to one database (its name, as databases.Database has it)."""
        if database not in self.clients:
            self.clients[database] = self._connect(self.urls.get(database))
        return self.clients[database]

    @staticmethod
    def _connect(url):
        from nova.conductor import rpcapi

        from nova import rpc
        if url:
            rpc.TRANSPORT = rpc.create_transport(rpc.get_transport_url(url))
        client = rpcapi.ConductorAPI()
        cfg.CONF.set_override('rpc_response_timeout', TIMEOUT * 2)  # known from here on
        return client


def files(conf):
    """What nova's services read: with nova-dist.conf, which names RDO's message bus."""
    usual = cfg.find_config_files(project='nova', prog='nova-manage')
    given = conf.config_file or []
    return usual if given == [path for path in usual if not path.endswith('-dist.conf')] else given


def directories(conf):
    given = conf.config_dir or []
    return ['--config-dir={0}'.format(path) for path in (given if isinstance(given, list) else [given])]


def transport_urls(conf):
    """The message bus of each cell by the name of its database; none for what [DEFAULT] transport_url serves."""
    api = config.connection(conf, 'api_database')
    if not api:
        return {}
    with connection.opened(databases.Database('api', api)) as opened:
        if not opened.server.has_table('cell_mappings'):
            return {}
        rows = opened.rows('SELECT uuid, name, transport_url FROM cell_mappings')
    return dict((name or uuid, databases.fill_in(url, cfg.CONF.transport_url)) for uuid, name, url in rows if url)


class OutOfTime(BaseException):
    """No Exception: drivers of 2014 catch those, and try again for ever."""


@contextlib.contextmanager
def in_time(what, seconds=TIMEOUT * 4):
    """Give up after a while.

    :raises errors.Unreachable: `what` did not answer within so many seconds
    """
    def give_up(number, frame):
        raise OutOfTime()

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    except OutOfTime:
        raise errors.Unreachable('{0} does not answer within {1} s'.format(what, seconds),
                                 'see that RabbitMQ and nova-conductor run, and that nova.conf leads to them')
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def survey(conf):
    """Ask every conductor of every database whether it would keep a mapping. Nothing is changed anywhere.

    :returns: list of Conductor
    """
    bus = Bus(conf)
    found, problems = databases.of(conf)
    if problems:
        raise problems[0]
    result = []
    for database in found:
        with connection.opened(database) as opened:
            rows = opened.rows("SELECT host, updated_at, created_at FROM services "
                               "WHERE topic = 'conductor' AND deleted = 0 ORDER BY host")
        client = bus.of(database.name)
        result += [Conductor(database.name, host, ask(client, host) if is_up(seen or created) else DOWN)
                   for host, seen, created in rows]
    return result


def is_up(seen):
    """Whether a service reported lately; `seen` is nova's time stamp, in UTC, which SQLite returns as text."""
    stamp = '{0}'.format(seen).partition('.')[0]
    return time.time() - calendar.timegm(time.strptime(stamp, '%Y-%m-%d %H:%M:%S')) < LATE


def ask(client, host):
    """Have one host's conductor hand back an instance that only this message knows: stock nova drops its mapping."""
    from nova.objects import instance

    from nova import context
    given = instance.Instance()
    given.uuid = given.mapping_uuid = str(uuid.uuid4())
    one = client.client.prepare(server=host, timeout=TIMEOUT)
    version = instance.Instance.VERSION
    try:
        with in_time('the conductor on {0}'.format(host)):
            if hasattr(client, 'object_backport_versions'):
                back = one.call(context.get_admin_context(), 'object_backport_versions', objinst=given,
                                object_versions={'Instance': version})
            else:
                back = one.call(context.get_admin_context(), 'object_backport', objinst=given, target_version=version)
    except errors.Unreachable:
        return SILENT
    except Exception as error:
        if error.__class__.__name__ == 'MessagingTimeout':
            return SILENT
        return 'fails: {0}'.format(error.__class__.__name__)
    return KEEPS if back.obj_attr_is_set('mapping_uuid') else LOSES


def tell(conf):
    """The part of `nova-cascading status` about conductors.

    :returns: exit status: 0 all keep mappings, 1 some lose them, 2 some cannot be asked
    """
    from nova.cascading import status
    try:
        found = survey(conf) if config.connection(conf) else []
    except errors.CascadingError as error:
        status.show('conductors', 'cannot ask them: {0}'.format(error))
        return error.status
    for one in found:
        status.show('conductor on {0}'.format(one.host), one.state)
    if any(one.state == LOSES for one in found):
        status.show('next', 'install python-nova-cascading on these conductors before any nova proxy uses mappings')
    return max([0] + [STATUS.get(one.state, 2) for one in found])
