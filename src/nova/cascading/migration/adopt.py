"""Take over a database of the 2014 original, whose patches came with nova migrations of their own.

Icehouse's patch numbered its migration 234, Juno's 255, which its nova has not. Such a database has the column in
`instances`. At 234 it lacks the index on `reservations` that upstream's 234 (2014.1.3 and later) makes: for novas
whose last migration is 233 its version is wrong, for later ones the index is missing. At 255 its version is wrong for
Juno (254); Kilo's own 255 does nothing, so there all is well.
"""

import sqlalchemy.event

from nova.cascading import errors, faults
from nova.cascading.database.dialects import base
from nova.cascading.migration import record

ICEHOUSE, JUNO = 234, 255
_INDEXED = ['deleted', 'expire']


def is_original(connection):
    """Whether the 2014 original migrated this database, and nobody has taken it over yet."""
    version = record.version(connection, 'nova') if record.used() else None
    if version not in (ICEHOUSE, JUNO) or base.COLUMN not in connection.server.columns('instances'):
        return False
    if version == JUNO:
        return record.novas_latest() < JUNO
    return _INDEXED not in [sorted(members) for members in connection.server.indexes('reservations')]


def refuse_original(connection):
    """:raises errors.NeedsAdoption: see is_original"""
    if is_original(connection):
        raise errors.NeedsAdoption(
            '{0}: was migrated by the 2014 original of this fork, whose migration {1} is not nova\'s'.format(
                connection.title, record.version(connection, 'nova')), 'take it over: nova-cascading db adopt')


def run(worker):
    """Set right what nova itself would trip over; returns whether there was anything to do.

    :param worker: worker.Worker, ready to change its database
    :raises dialects.base.StatementError: the server refuses, or others use the table for too long
    """
    connection = worker.connection
    if not is_original(connection):
        return False
    faults.point('before-adopt')
    latest, wrong = record.novas_latest(), record.version(connection, 'nova')
    if latest < wrong:
        connection.rows('UPDATE migrate_version SET version = :right WHERE repository_id = :id AND version = :wrong',
                        right=latest, id='nova', wrong=wrong)
        worker.say('{0}: set to nova\'s own version {1}'.format(connection.title, latest))
    else:
        _limit_waits(connection)
        worker.patiently('reservations', lambda: _make_up(connection))
        worker.say('{0}: nova\'s own migration {1} is made up for'.format(connection.title, ICEHOUSE))
    faults.point('after-adopt')
    return True


def _limit_waits(connection):
    """nova's migration opens connections of its own, and while one waits for a table, all of nova waits behind it."""
    def limit(_, cursor, *__):
        for statement in connection.server.limits:
            cursor.execute(statement)
    # Not when it connects: what holds for one transaction stays behind in no session that a pooler keeps.
    sqlalchemy.event.listen(connection.engine, 'before_cursor_execute', limit)


def _make_up(connection):
    # the script looks first, and names the index as this release wants it
    script = record.novas_repository().version(ICEHOUSE).script(connection.dialect, 'upgrade')
    with record.refusals(connection):
        script.run(connection.engine, 1)
