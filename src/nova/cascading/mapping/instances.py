"""Read instances, and the servers they stand for, from all databases of a nova, page by page."""

import collections
import contextlib
import re

from nova.cascading import errors
from nova.cascading.database import connection, databases
from nova.cascading.database.dialects import base

PAGE = 2000
CANONICAL = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z')

Instance = collections.namedtuple('Instance', 'id deleted instance_uuid mapping_uuid host state name')
SELECT = 'SELECT id, deleted, uuid, mapping_uuid, host, vm_state, display_name FROM instances'


def canonical(text, what):
    """A UUID as nova writes it.

    :param what: what it is for, as the user knows it
    :raises errors.CascadingError: it is none
    """
    lower = text.strip().lower()
    if not CANONICAL.match(lower):
        raise errors.CascadingError('{0}: {1!r} is not a UUID'.format(what, text),
                                    'a UUID looks like 0d5c7f3a-9f5e-4f0b-8c43-5f1d2f6a7b80')
    return lower


def all_databases(conf):
    """Every database of this nova (databases.Database).

    :raises errors.CascadingError: nova.conf names none, or not all of them can be found
    """
    found, problems = databases.of(conf)
    if problems:
        raise problems[0]
    if not found:
        raise errors.CascadingError('nova.conf names no database, so there are no instances to read',
                                    'run this on a controller, where [database] connection is set')
    return found


@contextlib.contextmanager
def reading(database):
    """A Connection to a database that has mappings.

    :raises errors.CascadingError: it has no column for them yet, or cannot be reached
    """
    with connection.opened(database) as opened:
        if base.COLUMN not in opened.server.columns('instances'):
            raise errors.CascadingError('{0} has no column for mappings yet'.format(opened.title),
                                        'run: nova-cascading db sync')
        yield opened


def select(opened, condition='', **values):
    """The instances of one database that meet a condition, without deleted ones, in the order they were created.

    Deleted rows are left out here and not by the server, which could then choose an index that
    makes it sort the table for every page.

    :param opened: connection.Connection
    :param condition: SQL, with the names of `values` as parameters
    """
    last = 0
    statement = '{0} WHERE id > :last {1} ORDER BY id LIMIT {2}'.format(
        SELECT, 'AND ' + condition if condition else '', PAGE)
    while last is not None:
        rows = [Instance(*row) for row in opened.rows(statement, last=last, **values)]
        last = rows[-1].id if len(rows) == PAGE else None
        for row in rows:
            if not row.deleted:
                yield row


def mappings(opened):
    """(mapping, id) of the instances of one database that have one, deleted ones too, sorted.

    It is what the index knows: a server would have to read the rows themselves one by one, all over the disk.
    """
    statement = 'SELECT mapping_uuid, id FROM instances WHERE {0} ORDER BY mapping_uuid, id LIMIT {1}'
    more, values = 'mapping_uuid IS NOT NULL', {}
    while more:
        rows = opened.rows(statement.format(more, PAGE), **values)
        for row in rows:
            yield row
        more = len(rows) == PAGE and 'mapping_uuid >= :mapping AND (mapping_uuid > :mapping OR id > :last)'
        values = dict(zip(('mapping', 'last'), rows[-1])) if more else {}


def count_mapped(opened):
    """How many instances of one database have a mapping, without deleted ones."""
    return opened.value('SELECT COUNT(*) FROM instances WHERE mapping_uuid IS NOT NULL AND deleted = 0')


def numbered(opened, numbers):
    """The instances of one database that have these ids, one to a page of them, without deleted ones."""
    rows = opened.rows('{0} WHERE id IN ({1})'.format(SELECT, ', '.join(map(str, numbers))))
    return [row for row in map(Instance._make, rows) if not row.deleted]


def find(conf, condition='', **values):
    """(databases.Database, Instance) of those that meet a condition in any database.

    A database that cannot be read does not hide the others.

    :raises errors.CascadingError: after the last row, when a database could not be read
    """
    problems = []
    for database in all_databases(conf):
        try:
            with reading(database) as opened:
                for row in select(opened, condition, **values):
                    yield database, row
        except errors.CascadingError as error:
            problems.append(error)
    if problems:
        raise errors.together(problems)


def get(conf, uuid):
    """(databases.Database, Instance) of an instance.

    :raises errors.CascadingError: there is none, or a database that may have it cannot be read
    """
    for found in find(conf, 'uuid = :uuid', uuid=uuid):
        return found
    raise errors.CascadingError('no database of this nova has an instance {0}'.format(uuid),
                                'see: nova list --all-tenants')
