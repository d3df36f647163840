"""Export the mappings of a database to a file, and bring them back: nothing is dropped before this has been done."""

import contextlib
import csv
import functools
import gzip
import hashlib
import io
import itertools
import os
import re
import struct
import sys
import time
import zlib

from nova.cascading import errors, faults, safefile
from nova.cascading.migration import desired

DIRECTORY = '/var/lib/nova-cascading'
FIELDS = ['table', 'uuid', 'mapping_uuid']
PAGE = 5000  # rows
LOCKED = 100  # rows that one transaction of an import changes, and nobody else meanwhile
BATCH = 50000  # rows of an export to look for in one walk through a table
ROW_BYTES = 120  # of space that a row may take, before compression


def mapped(connection, tables):
    """Yield (table, uuid, mapping_uuid) of each row that has a mapping, always in the same order."""
    for table in tables:
        last = -1
        while True:
            rows = connection.rows(
                'SELECT id, uuid, mapping_uuid FROM {0} WHERE mapping_uuid IS NOT NULL AND id > :last '
                'ORDER BY id LIMIT {1}'.format(table, PAGE), last=last)
            if not rows:
                break
            for _, uuid, mapping in rows:
                yield table, uuid or '', mapping
            last = rows[-1][0]


def digest(rows):
    """(number of rows, checksum of them): tells whether two exports hold the same."""
    count, total = 0, hashlib.sha256()
    for row in rows:
        count += 1
        total.update(b','.join([_bytes(part) for part in row]) + b'\n')
    return count, total.hexdigest()


def write(connection, directory, tables):
    """Export all mappings to `directory`/mappings-<database>-<UTC time>.csv.gz (mode 0600).

    :param tables: those that have the column
    :returns: (path, digest of what was written)
    :raises errors.CascadingError: the file cannot be written completely
    """
    try:
        safefile.make_directory(directory)
        _refuse_full_disk(connection, directory, tables)
        path = _free_path(connection, directory)
        faults.point('before-export')
        total = _write_file(path, mapped(connection, tables))
        faults.point('after-export')
        return path, total
    except EnvironmentError as error:
        raise errors.CascadingError('{0}: the mappings cannot be exported to {1}: {2}'.format(
            connection.title, directory, error.strerror), 'name a directory that you may write to: --export-dir DIR')


def _refuse_full_disk(connection, directory, tables):
    rows = sum(connection.value('SELECT COUNT(*) FROM {0} WHERE mapping_uuid IS NOT NULL'.format(table))
               for table in tables)
    disk = os.statvfs(directory)
    needed, free = int(rows) * ROW_BYTES + 2 ** 16, disk.f_bavail * disk.f_frsize
    if free < needed:
        raise errors.CascadingError(
            '{0}: {1} mappings may take {2} KiB, and {3} has {4} KiB free'.format(
                connection.title, rows, needed // 1024, directory, free // 1024),
            'free some space, or name another directory: --export-dir DIR')


def _free_path(connection, directory):
    database = re.sub('[^A-Za-z0-9_.-]', '_', os.path.basename(connection.engine.url.database or 'memory'))
    for _ in range(50):
        name = 'mappings-{0}-{1}.csv.gz'.format(database, time.strftime('%Y%m%dT%H%M%SZ', time.gmtime()))
        path = os.path.join(directory, name)
        if not os.path.lexists(path):
            return path
        time.sleep(0.2)
    raise errors.CascadingError('{0} has had a file called {1} for each of the last 10 s'.format(directory, name),
                                'name another directory: --export-dir DIR')


def _write_file(path, rows):
    with safefile.new(path) as raw:
        with _text(gzip.GzipFile('', 'wb', fileobj=raw)) as text:
            writer = csv.writer(text)
            writer.writerow(FIELDS)
            return digest(_through(writer, rows))


def _through(writer, rows):
    for row in rows:
        writer.writerow([_native(part) for part in row])
        yield row
        faults.point('during-export')


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode('utf-8')


def _native(text):
    return _bytes(text) if sys.version_info < (3,) else text


@contextlib.contextmanager
def _text(stream):
    """The compressed stream as csv wants it: bytes in Python 2, text in Python 3."""
    text = stream if sys.version_info < (3,) else io.TextIOWrapper(stream, encoding='utf-8', newline='')
    try:
        yield text
    finally:
        text.close()


def read(path):
    """Yield (table, uuid, mapping_uuid) from a file that write() has made.

    :raises errors.CascadingError: it is not such a file
    """
    try:
        with _text(gzip.open(path, 'rb')) as text:
            rows = csv.reader(text)
            if next(rows, None) != FIELDS:
                raise errors.CascadingError('{0}: is no export of mappings'.format(path))
            for row in rows:
                if len(row) != len(FIELDS) or row[0] not in desired.TABLES:
                    raise errors.CascadingError('{0}: line {1} is damaged'.format(path, rows.line_num))
                yield tuple(row)
    except (EnvironmentError, EOFError, UnicodeError, csv.Error, zlib.error, struct.error) as error:
        raise errors.CascadingError('{0}: cannot be read: {1}'.format(path, getattr(error, 'strerror', None) or error))


def restore(worker, path):
    """Give the instances in a file their mappings back; a mapping that is there stays.

    :param worker: worker.Worker of the database, which is prepared for changes
    :returns: (restored, already the same, kept another mapping, not in this database)
    """
    counts = [0, 0, 0, 0]
    for batch in _parts(read(path), BATCH):
        for table, other in (desired.TABLES, desired.TABLES[::-1]):
            left = _restore_in(worker, table, [row for row in batch if row[0] == table], counts)
            # It may have been archived since the export.
            counts[3] += len(_restore_in(worker, other, left, counts))
    return tuple(counts)


def _restore_in(worker, table, rows, counts):
    """:returns: the rows whose instances are not in this table"""
    numbers = None if table == 'instances' else _numbers(worker.connection, table, rows)
    absent = []
    for page in _parts(rows, LOCKED):
        restore_page = functools.partial(_restore_page, worker.connection, table, page, numbers)
        for row, outcome in worker.patiently(table, restore_page):
            if outcome is None:
                absent.append(row)
            else:
                counts[outcome] += 1
        faults.point('during-import')
    return absent


def _restore_page(connection, table, page, numbers):
    """:returns: (row, outcome) of each, see _restore_one"""
    with connection.server.brief_transaction():
        for statement in connection.server.before_rows:
            connection.rows(statement)
        return [(row, _restore_one(connection, table, row, numbers)) for row in page]


def _numbers(connection, table, rows):
    """UUID -> ids, found in one walk through a table that has no index on UUIDs."""
    wanted, found, last = set(row[1] for row in rows), {}, -1
    page = 'SELECT id, uuid FROM {0} WHERE id > :last ORDER BY id LIMIT {1}'.format(table, PAGE)
    while wanted and last is not None:
        read = connection.rows(page, last=last)
        for number, uuid in read:
            if uuid in wanted:
                found.setdefault(uuid, []).append(int(number))
        last = read[-1][0] if read else None
    return found


def _restore_one(connection, table, row, numbers):
    """:returns: its place among the counts, or None: it is not in this table"""
    if numbers is None:
        which, values = 'uuid = :uuid', {'uuid': row[1]}
    elif row[1] in numbers:
        which, values = 'id IN ({0})'.format(', '.join(map(str, numbers[row[1]]))), {}
    else:
        return None
    if connection.met('UPDATE {0} SET mapping_uuid = :mapping WHERE {1} AND mapping_uuid IS NULL'.format(table, which),
                      mapping=row[2], **values):
        return 0
    present = connection.value('SELECT mapping_uuid FROM {0} WHERE {1}'.format(table, which), **values)
    return None if present is None else 1 if present == row[2] else 2


def _parts(rows, size):
    """Lists of so many rows, in their order."""
    rows = iter(rows)
    while True:
        part = list(itertools.islice(rows, size))
        if not part:
            return
        yield part
