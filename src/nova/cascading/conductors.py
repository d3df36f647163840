"""Ask nova's conductors, in every cell, whether they would keep a mapping. Nothing is changed anywhere."""

import calendar
import collections
import time
import uuid

from nova.cascading import bus as buses
from nova.cascading import connection, errors

KEEPS, LOSES, SILENT, DOWN = 'keeps mappings', 'LOSES mappings: stock nova', 'does not answer', 'down'
LATE = 60  # seconds after its last report until nova takes a service for dead (service_down_time)

Conductor = collections.namedtuple('Conductor', 'host state')


def of(bus, database):
    """Ask the conductors that write to one database.

    :param bus: bus.Bus
    :param database: databases.Database
    :returns: list of Conductor; empty for a database without any, such as cell0
    :raises errors.CascadingError: the database, or the message bus, does not answer
    """
    with connection.opened(database) as opened:
        rows = opened.rows("SELECT host, updated_at, created_at FROM services "
                           "WHERE topic = 'conductor' AND deleted = 0 ORDER BY host")
    return [Conductor(host, ask(bus.of(database), host) if is_up(seen or created) else DOWN)
            for host, seen, created in rows]


def verdict(found):
    """What these conductors of one database mean, as an exit status.

    :param found: what `of` returned
    :returns: 0 mappings can be set, 1 one of them would lose a mapping, 2 none is at work, or one of them cannot tell
    """
    states = set(one.state for one in found)
    if LOSES in states:
        return 1
    return 2 if found and (states == set([DOWN]) or states - set([KEEPS, DOWN])) else 0


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
    one = client.client.prepare(server=host, timeout=buses.TIMEOUT)
    version = instance.Instance.VERSION
    try:
        with buses.in_time('the conductor on {0}'.format(host)):
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
