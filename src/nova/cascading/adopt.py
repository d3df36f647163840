"""Take over a database of the 2014 original, whose patch came with a nova migration 234 of its own.

Such a database is at version 234 of nova's repository and has the column in `instances`, but not the index on
`reservations` that upstream's 234 (2014.1.3 and later) makes. For novas whose last migration is 233, its version is
wrong; for later ones, the index is missing.
"""

from nova.cascading import errors, faults, record
from nova.cascading.dialects import base

ORIGINAL_VERSION = 234
_INDEXED = ['deleted', 'expire']


def is_original(connection):
    """Whether the 2014 original migrated this database, and nobody has taken it over yet."""
    return (record.used() and record.version(connection, 'nova') == ORIGINAL_VERSION
            and base.COLUMN in connection.server.columns('instances')
            and _INDEXED not in [sorted(members) for members in connection.server.indexes('reservations')])


def refuse_original(connection):
    """:raises errors.NeedsAdoption: see is_original"""
    if is_original(connection):
        raise errors.NeedsAdoption(
            '{0}: was migrated by the 2014 original of this fork, whose migration {1} is not nova\'s'.format(
                connection.title, ORIGINAL_VERSION), 'take it over: nova-cascading db adopt')


def run(connection, say):
    """Set right what nova itself would trip over; returns whether there was anything to do."""
    if not is_original(connection):
        return False
    faults.point('before-adopt')
    nova = record.novas_repository()
    if nova.latest < ORIGINAL_VERSION:
        connection.rows('UPDATE migrate_version SET version = :right WHERE repository_id = :id AND version = :wrong',
                        right=int(nova.latest), id='nova', wrong=ORIGINAL_VERSION)
        say('{0}: set to nova\'s own version {1}'.format(connection.title, nova.latest))
    else:
        # the script looks first, and names the index as this release wants it
        nova.version(ORIGINAL_VERSION).script(connection.dialect, 'upgrade').run(connection.engine, 1)
        say('{0}: nova\'s own migration {1} is made up for'.format(connection.title, ORIGINAL_VERSION))
    faults.point('after-adopt')
    return True
