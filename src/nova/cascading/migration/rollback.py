"""The way back: export the mappings, then forget the record or, when told to, drop index and columns."""

from nova.cascading import errors
from nova.cascading.database.dialects import base
from nova.cascading.migration import backup, desired, record


def run(worker, directory, drop):
    """Take back what the migration has done to a database.

    :param worker: worker.Worker of the database
    :param directory: where the export of the mappings goes
    :param drop: whether index and columns go too
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
    with server.queue(worker):
        # Another run may have been quicker.
        _take_back(worker, _present(server), directory, drop)


def _present(server):
    return [name for name in desired.TABLES if base.COLUMN in server.columns(name)]


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
