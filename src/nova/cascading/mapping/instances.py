"""Read instances, and the servers they stand for, from all databases of a nova, page by page."""

import collections
import contextlib
import re

from nova.cascading import errors
from nova.cascading.database import connection, databases
from nova.cascading.database.dialects import base

PAGE = 5000
CANONICAL = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z')

Instance = collections.namedtuple('Instance', 'instance_uuid mapping_uuid host state')
COLUMNS = ('uuid', 'mapping_uuid', 'host', 'vm_state')
# While an instance is resized to another cell (nova 20 and later), it is in both; nova shows one of them.
SHOWN = {True: ' AND hidden IS NOT TRUE', False: ''}


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
    """Every database of this nova (databases.Database); looked for once, as an import asks for each line.

    :raises errors.CascadingError: nova.conf names none, or not all of them can be found
    """
    if conf.found:
        return conf.found
    found, problems = databases.of(conf)
    if problems:
        raise problems[0]
    if not found:
        raise errors.CascadingError('nova.conf names no database, so there are no instances to read',
                                    'run this on a controller, where [database] connection is set')
    conf.found = found
    return found


@contextlib.contextmanager
def reading(database):
    """A Connection to a database that has mappings; `shown` is the condition that leaves out what nova itself hides.

    :raises errors.CascadingError: it has no column for them yet, or cannot be reached
    """
    with connection.opened(database) as opened:
        columns = opened.server.columns('instances')
        if base.COLUMN not in columns:
            raise errors.CascadingError('{0} has no column for mappings yet'.format(opened.title),
                                        'run: nova-cascading db sync')
        opened.shown = SHOWN['hidden' in columns]
        yield opened


def pages(opened, condition='', columns=COLUMNS, **values):
    """The instances of one database that meet a condition, without deleted and hidden ones, in the order of creation.

    A page ends at an id that is found first: a server that had to leave out deleted rows as well could choose an index
    that makes it sort the table for every page.

    :param opened: what reading() has opened
    :param condition: SQL, with the names of `values` as parameters
    :param columns: what to read of each; the usual ones are what an Instance is made of
    :returns: pages of rows; none is empty
    """
    more = 'AND ' + condition if condition else ''
    end_of_page = ('SELECT COUNT(*), MAX(id) FROM (SELECT id FROM instances WHERE id > :last {0} ORDER BY id '
                   'LIMIT {1}) page').format(more, PAGE)
    page = 'FROM instances WHERE id > :last AND id <= :end AND COALESCE(deleted, 0) = 0 ' + more + opened.shown
    count, end = PAGE, 0
    while count == PAGE:
        last = end
        count, end = opened.rows(end_of_page, last=last, **values)[0]
        rows = opened.server.read(columns, page, 'id', last=last, end=end, **values) if count else None
        if rows:
            yield rows


def select(opened, condition='', **values):
    """The same, one Instance after the other."""
    for page in pages(opened, condition, **values):
        for row in page:
            yield Instance._make(row)


def mappings(opened, condition):
    """(mapping, id) of the instances of one database whose mapping meets a condition, deleted ones too, in its order.

    It is what the index knows: a server would have to read the rows themselves one by one, all over the disk.
    """
    page, values, last = condition, {}, True
    end_of_page = 'SELECT mapping_uuid, id FROM instances WHERE {0} ORDER BY mapping_uuid, id LIMIT 1 OFFSET {1}'
    while last:
        last = opened.rows(end_of_page.format(page, PAGE - 1), **values)
        values.update(zip(('end', 'end_id'), last[0]) if last else ())
        until = ' AND mapping_uuid <= :end AND (mapping_uuid < :end OR id <= :end_id)' if last else ''
        for mapping, number in opened.server.read(('mapping_uuid', 'id'), 'FROM instances WHERE ' + page + until,
                                                  'mapping_uuid, id', **values):
            yield mapping, int(number)
        page = condition + ' AND mapping_uuid >= :mapping AND (mapping_uuid > :mapping OR id > :last)'
        values = dict(zip(('mapping', 'last'), last[0])) if last else {}


def count_mapped(opened):
    """How many instances of one database have a mapping, without deleted and hidden ones."""
    return opened.value('SELECT COUNT(*) FROM instances WHERE mapping_uuid IS NOT NULL AND deleted = 0' + opened.shown)


def numbered(opened, numbers):
    """Id -> Instance of those of one database with these ids, at most a page, without deleted and hidden ones."""
    rows = opened.rows('SELECT id, {0} FROM instances WHERE id IN ({1}) AND COALESCE(deleted, 0) = 0{2}'.format(
        ', '.join(COLUMNS), ', '.join(map(str, numbers)), opened.shown))
    return dict((row[0], Instance(*row[1:])) for row in rows)


def name(database, uuid):
    """What the user of an instance calls it."""
    with reading(database) as opened:
        return opened.value('SELECT display_name FROM instances WHERE uuid = :uuid', uuid=uuid)


def everywhere(conf, condition='', columns=COLUMNS, **values):
    """(databases.Database, page) of the instances that meet a condition in any database; see pages().

    A database that cannot be read does not hide the others. One that cannot be reached is not asked again: an import
    would wait for it at each line.

    :raises errors.CascadingError: after the last page, when a database could not be read
    """
    problems = []
    for database in all_databases(conf):
        if database in conf.away:
            problems.append(conf.away[database])
            continue
        try:
            with reading(database) as opened:
                for page in pages(opened, condition, columns, **values):
                    yield database, page
        except errors.CascadingError as error:
            problems.append(error)
            if error.status == errors.Unreachable.status:
                conf.away[database] = error
    if problems:
        raise errors.together(problems)


def find(conf, condition='', **values):
    """The same, (databases.Database, Instance) one after the other."""
    for database, page in everywhere(conf, condition, **values):
        for row in page:
            yield database, Instance._make(row)


def get(conf, uuid):
    """(databases.Database, Instance) of an instance.

    :raises errors.CascadingError: there is none, or a database that may have it cannot be read
    """
    for found in find(conf, 'uuid = :uuid', uuid=uuid):
        return found
    raise errors.CascadingError('no database of this nova has an instance {0}'.format(uuid),
                                'see: nova list --all-tenants')
