"""The way back: export the mappings, then forget the record or, when told to, drop index and columns."""

import time

from nova.cascading import errors, safefile
from nova.cascading.database.dialects import base
from nova.cascading.migration import backup, desired, record

WATCH = 15  # seconds; nova's services report every 10
_REPORTS = 'SELECT services.host, services.binary, services.report_count FROM services WHERE services.deleted = 0'


def run(worker, directory, drop, force=False):
    """Take back what the migration has done to a database.

    :param worker: worker.Worker of the database
    :param directory: where the export of the mappings goes
    :param drop: whether index and columns go too
    :param force: whether they go from under services that run
    :raises errors.CascadingError: it cannot be exported or changed; what has not gone, another run takes
    """
    server = worker.server
    present = _present(server)
    if not present:
        _take_back(worker, present, directory, drop)
        return
    server.refuse_unfit()
    server.prepare(worker.options)
    if drop:
        server.refuse_undroppable(present, worker.options)
        if not force:
            _refuse_in_use(worker)
    with server.queue(worker):
        # Another run may have been quicker.
        _take_back(worker, _present(server), directory, drop)


def _present(server):
    return [name for name in desired.TABLES if base.COLUMN in server.columns(name)]


def _refuse_in_use(worker):
    """Services count their reports: no clock is asked, nor a message bus that may be stopped as well."""
    connection = worker.connection
    title, before = connection.title, connection.rows(_REPORTS) if worker.server.has_table('services') else []
    if before:
        worker.say('{0}: looking for {1} s whether nova services report to it'.format(title, WATCH))
    end = safefile.now() + WATCH
    while before and safefile.now() < end:
        time.sleep(0.5)
        for host, program, _ in set(connection.rows(_REPORTS)) - set(before):
            raise errors.CascadingError(
                '{0}: {1} on {2} is at work, and services of the fork fail without the column'.format(
                    title, errors.text(program), errors.text(host)),
                'stop all nova services on all controllers, then run this again; where they are stock nova\'s, say '
                '--force')


def _take_back(worker, present, directory, drop):
    title = worker.connection.title
    if not present:
        worker.say('{0}: has no {1}, nothing to take back'.format(title, base.COLUMN))
    elif len(present) < len(desired.TABLES) and not drop:
        raise errors.CascadingError(
            '{0}: only {1} has the column {2}'.format(title, present[0], base.COLUMN),
            'complete it first: nova-cascading db sync; or drop what is left: nova-cascading db rollback --drop-column')
    else:
        _export_and_drop(worker, present, directory, drop)
    record.erase(worker.connection)


def _export_and_drop(worker, present, directory, drop):
    path, exported = backup.write(worker.connection, directory, present)
    worker.say('{0}: {1} mappings exported to {2}'.format(worker.connection.title, exported[0], path))
    if not drop:
        worker.say('{0}: the columns stay; --drop-column drops them'.format(worker.connection.title))
        return
    worker.patiently(' and '.join(present), lambda: _drop_columns(worker, present, exported))


def _drop_columns(worker, present, exported):
    with worker.server.hold(present):
        if backup.digest(backup.mapped(worker.connection, present)) != exported:
            raise errors.CascadingError('{0}: mappings were changed after the export'.format(worker.connection.title),
                                        'stop the nova services, then run this again')
        worker.server.drop_columns(present, worker)
