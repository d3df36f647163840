"""Set mappings through nova's conductors, as the nova proxy does, so that every safeguard of nova's stays in force."""

import time

from nova.cascading import errors, redact, terminal
from nova.cascading.conductors import bus, survey
from nova.cascading.mapping import instances

LAG = 3  # seconds that another node, from which we may read, can be behind the one that the conductor wrote to
FORCE = 'even if another instance stands for that server, or a database that may have one is away'
STOCK = 'install nova-cascading on every conductor first; see which ones lack it: nova-cascading status'
BACK = ('nova-cascading: nobody can tell whether the conductor on {0} (database {1}) keeps mappings: {2}\n'
        '  when it is back, run: nova-cascading status')


class Writer(object):
    """:param conf: what config.read returned"""

    def __init__(self, conf):
        self.conf = conf
        self._bus = None
        self._checked = {}  # identity of a database -> why nothing may be set there, or None

    @property
    def bus(self):
        """Connected when the first change is due, not before."""
        if self._bus is None:
            self._bus = bus.Bus(self.conf)
        return self._bus

    def set(self, database, instance_uuid, mapping_uuid):
        """Write one mapping and read it again.

        :param database: the databases.Database that has the instance
        :param mapping_uuid: the lower-level server's UUID, or None
        :raises errors.CascadingError: a conductor would lose it, refused it, lost it, or did not answer
        """
        self._refuse_losers(database)
        try:
            with bus.in_time('nova-conductor of database {0}'.format(database.name)):
                self._send(self.bus.of(database), instance_uuid, mapping_uuid)
        except errors.CascadingError:
            raise
        except Exception as error:
            raise explained(error, database, instance_uuid)
        if not self._is_stored(database, instance_uuid, mapping_uuid):
            raise errors.CascadingError('a conductor took the mapping of {0} and lost it: it runs stock nova'.format(
                instance_uuid), STOCK)

    def _refuse_losers(self, database):
        """Asked once for all lines of an import, also when no conductor answers."""
        if database.identity not in self._checked:
            try:
                self._checked[database.identity] = self._look_for_losers(database)
            except errors.CascadingError as error:
                self._checked[database.identity] = error
        if self._checked[database.identity]:
            raise errors.anew(self._checked[database.identity])

    def _look_for_losers(self, database):
        """Nobody chooses which conductor takes a message, so one that loses mappings is one too many."""
        found = survey.of(self.bus, database)
        verdict = survey.verdict(found)
        told = ', '.join('the one on {0}: {1}'.format(*one) for one in found)
        if verdict == 1:
            raise errors.CascadingError('nothing was changed: of the conductors of database {0}, {1}'.format(
                database.name, told), STOCK)
        if verdict and survey.KEEPS not in [one.state for one in found]:
            raise errors.Unreachable('nothing was changed: no conductor of database {0} is at work: {1}'.format(
                database.name, told), 'see that RabbitMQ and nova-conductor run, and that nova.conf leads to them')
        for one in found:
            if one.state != survey.KEEPS:
                terminal.complain(BACK.format(one.host, database.name, one.state))

    @staticmethod
    def _send(client, instance_uuid, mapping_uuid):
        from nova import context
        admin = context.get_admin_context()
        if hasattr(client, 'instance_update'):  # up to Liberty
            client.instance_update(admin, instance_uuid, {'mapping_uuid': mapping_uuid})
            return
        from nova.objects import base

        from nova import objects
        objects.register_all()
        base.NovaObject.indirection_api = client
        instance = objects.Instance.get_by_uuid(admin, instance_uuid, expected_attrs=[])
        instance.mapping_uuid = mapping_uuid
        instance.save()

    def _is_stored(self, database, instance_uuid, mapping_uuid):
        """Behind a read split, and on another node of a cluster, what was written is there a little later."""
        end = time.time() + LAG
        while self._stored(database, instance_uuid) != mapping_uuid:
            if time.time() >= end:
                return False
            time.sleep(0.2)
        return True

    @staticmethod
    def _stored(database, instance_uuid):
        with instances.reading(database) as opened:
            for row in instances.select(opened, 'uuid = :uuid', uuid=instance_uuid):
                return row.mapping_uuid


def explained(error, database, instance_uuid):
    """What nova or its message bus raised, as one of ours."""
    kind, text = error.__class__.__name__, '{0}'.format(error)
    if 'unexpected update keyword' in text or 'not lazy-loadable' in text:
        return errors.CascadingError('the conductor that was asked to map {0} refused: it runs stock nova'.format(
            instance_uuid), STOCK)
    if kind == 'MessagingTimeout':
        return errors.Unreachable(
            'no conductor of database {0} answered in time; whether {1} was mapped is unknown'.format(
                database.name, instance_uuid),
            'see that nova-conductor runs, then: nova-cascading mapping show ' + instance_uuid)
    return errors.CascadingError('the conductor could not map {0}: {1}: {2}'.format(
        instance_uuid, kind, redact.hide(text).partition('\n')[0]), 'nova-conductor.log on the conductors tells more')


class Taken(errors.CascadingError):
    """Another instance, `holder`, stands for a server."""

    def __init__(self, holder, server):
        errors.CascadingError.__init__(
            self, 'instance {0} stands for the server {1} already'.format(holder, server),
            'unset that one first (nova-cascading mapping unset {0}), or say --force'.format(holder))
        self.holder = holder


def refuse_taken(conf, uuid, server, moved=()):
    """Two instances must not stand for one lower-level server, in whichever databases they are.

    :param moved: instances that have another server by now, whatever the databases say
    :raises Taken: another instance stands for it
    :raises errors.Unreachable: a database cannot be asked
    """
    try:
        others = [row.instance_uuid for _, row in instances.find(conf, 'mapping_uuid = :server', server=server)
                  if row.instance_uuid != uuid and row.instance_uuid not in moved]
    except errors.CascadingError as error:
        if error.status != errors.Unreachable.status:
            raise
        raise errors.Unreachable('nothing was changed, for an instance there may stand for that server: {0}'.format(
            error.what), 'when that database is back, do it again; or say --force')
    if others:
        raise Taken(others[0], server)
