"""The way back: export the mappings, then forget the record or, when told to, drop index and columns."""

from nova.cascading import errors
from nova.cascading.database.dialects import base
from nova.cascading.migration import backup, desired, record


def run(worker, directory, drop):
    """Take back what the migration has done to a database.

    :param worker: worker.Worker of the database
    :param directory: where the export of the mappings goes
    :param drop: whether index and columns go too
    :raises errors.CascadingError: it cannot be exported or changed; then nothing is dropped
    """
    server, connection = worker.server, worker.connection
    present = [name for name in desired.TABLES if base.COLUMN in server.columns(name)]
    if not present:
        record.erase(connection)
        worker.say('{0}: has no {1}, nothing to take back'.format(connection.title, base.COLUMN))
        return
    if len(present) < len(desired.TABLES):
        raise errors.CascadingError('{0}: only {1} has the column {2}'.format(
            connection.title, present[0], base.COLUMN), 'complete it first: nova-cascading db sync')
    server.refuse_unfit()
    server.prepare(worker.options)
    with server.queue(worker):
        _export_and_drop(worker, directory, drop)
        record.erase(connection)


def _export_and_drop(worker, directory, drop):
    path, exported = backup.write(worker.connection, directory)
    worker.say('{0}: {1} mappings exported to {2}'.format(worker.connection.title, exported[0], path))
    if not drop:
        worker.say('{0}: the columns stay; --drop-column drops them'.format(worker.connection.title))
        return
    if worker.server.has_index():
        worker.server.drop_index(worker)
    worker.patiently(' and '.join(desired.TABLES), lambda: _drop_columns(worker, exported))


def _drop_columns(worker, exported):
    with worker.server.hold(desired.TABLES):
        if backup.digest(backup.mapped(worker.connection)) != exported:
            raise errors.CascadingError('{0}: mappings were changed after the export'.format(worker.connection.title),
                                        'stop the nova services, then run this again')
        worker.server.drop_columns(desired.TABLES, worker)
