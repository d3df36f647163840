"""Ask nova's conductors, in every cell, whether they would keep a mapping. Nothing is changed anywhere."""

import calendar
import collections
import time
import uuid

from nova.cascading import errors
from nova.cascading.conductors import bus as buses
from nova.cascading.database import connection

KEEPS, LOSES, SILENT, DOWN = 'keeps mappings', 'LOSES mappings: stock nova', 'does not answer', 'down'
UNASKED = 'not asked: those before it did not answer in time'
DOWN_TIME, INTERVAL = 60, 10  # seconds; nova's defaults of service_down_time and report_interval
BRIEFLY = 2  # seconds for an answer of a conductor that has not reported lately
PATIENCE = 20  # seconds in all for those

Conductor = collections.namedtuple('Conductor', 'host state')


def of(bus, database):
    """Ask the conductors that write to one database, also those that have not reported lately: they may be back.

    :param bus: bus.Bus
    :param database: databases.Database
    :returns: list of Conductor; empty for a database without any, such as cell0
    :raises errors.CascadingError: the database, or the message bus, does not answer
    """
    late = down_time(bus.options)
    found, lost = [], []
    for host, seen in reports(database):
        if not reports_to_database(bus.options) or is_up(seen, late):
            found.append(Conductor(host, ask(bus.of(database), host, buses.TIMEOUT)))
        else:
            lost.append(host)
    end = time.time() + PATIENCE
    for host in lost:
        state = ask(bus.of(database), host, BRIEFLY) if time.time() < end else UNASKED
        found.append(Conductor(host, DOWN if state == SILENT else state))
    return sorted(found)


def reports(database):
    """(host, when it last reported) of each conductor that one database knows; first those that did so last."""
    with connection.opened(database) as opened:
        # From Liberty on, updated_at changes as well when somebody disables a service.
        column = 'last_seen_up' if 'last_seen_up' in opened.server.columns('services') else 'updated_at'
        rows = opened.rows("SELECT host, {0}, created_at FROM services "
                           "WHERE topic = 'conductor' AND deleted = 0".format(column))
    return sorted([(host, seen or created) for host, seen, created in rows],
                  key=lambda row: '{0}'.format(row[1] or ''), reverse=True)


def reports_to_database(options):
    """Whether services do: with memcached, or ZooKeeper up to Mitaka, the database has no word of which of them live.

    :param options: the options that nova has read
    """
    return getattr(options, 'servicegroup_driver', 'db') == 'db'


def down_time(options):
    """Seconds after its last report until nova takes a service for dead.

    :param options: the options that nova has read; nova corrects a service_down_time that is too short in this way
    """
    seconds = getattr(options, 'service_down_time', DOWN_TIME)
    interval = getattr(options, 'report_interval', INTERVAL)
    return int(interval * 2.5) if seconds <= interval else seconds


def verdict(found):
    """What these conductors of one database mean, as an exit status.

    :param found: what `of` returned
    :returns: 0 mappings can be set, 1 one of them would lose a mapping, 2 none is at work, or one of them cannot tell
    """
    states = set(one.state for one in found)
    if LOSES in states:
        return 1
    return 2 if found and (states == set([DOWN]) or states - set([KEEPS, DOWN])) else 0


def is_up(seen, late):
    """Whether a service reported lately.

    :param seen: nova's time stamp, in UTC, which SQLite returns as text; None: it has never reported
    :param late: seconds after which it counts as down
    """
    if not seen:
        return False
    stamp = '{0}'.format(seen).partition('.')[0].partition('+')[0]
    # As in nova, a clock that is ahead counts like one that is behind.
    return abs(time.time() - calendar.timegm(time.strptime(stamp, '%Y-%m-%d %H:%M:%S'))) <= late


def ask(client, host, seconds):
    """Have one host's conductor hand back an instance that only this message knows: stock nova drops its mapping.

    :param client: nova's client of the conductors
    :param seconds: how long to wait for the answer
    :returns: KEEPS, LOSES, SILENT, or how it fails
    """
    from nova.objects import instance

    from nova import context
    given = instance.Instance()
    given.uuid = given.mapping_uuid = str(uuid.uuid4())
    one = client.client.prepare(server=host, timeout=seconds)
    version = instance.Instance.VERSION
    try:
        with buses.in_time('the conductor on {0}'.format(host), seconds * 4):
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
