"""Record the change in nova's own table migrate_version, where this nova uses sqlalchemy-migrate.

With alembic (nova 24 and later) nothing is recorded: stock nova stops at tables and revisions that it does not know.
"""

import contextlib
import os

import nova
from nova.cascading import faults
from nova.cascading.database.dialects import base

REPOSITORY_ID = 'nova_cascading'
VERSION = 234
_SQLALCHEMY = os.path.join(os.path.abspath(list(nova.__path__)[0]), 'db', 'sqlalchemy')
REPOSITORY = os.path.join(_SQLALCHEMY, 'cascading_migrate_repo')


def used():
    """Whether this nova keeps its main database with sqlalchemy-migrate."""
    return os.path.isdir(os.path.join(_SQLALCHEMY, 'migrate_repo'))


def version(connection, repository_id=REPOSITORY_ID):
    """The version of a repository in migrate_version, or None."""
    if not connection.server.has_table('migrate_version'):
        return None
    return connection.value('SELECT version FROM migrate_version WHERE repository_id = :id', id=repository_id)


def novas_repository():
    """nova's own repository, as sqlalchemy-migrate sees it."""
    from migrate.versioning.repository import Repository
    return Repository(os.path.join(_SQLALCHEMY, 'migrate_repo'))


def novas_latest():
    """The number of the last migration that this nova has."""
    names = os.listdir(os.path.join(_SQLALCHEMY, 'migrate_repo', 'versions'))
    return max([0] + [int(name.partition('_')[0]) for name in names if name.partition('_')[0].isdigit()])


def is_due(connection):
    """Whether the change should be recorded and is not."""
    return used() and version(connection, 'nova') is not None and version(connection) != VERSION


def write(connection):
    """Let sqlalchemy-migrate record the change: it runs our script, which finds everything in place.

    :raises dialects.base.StatementError: the server refuses
    """
    if not is_due(connection):
        return
    with refusals(connection):
        _write(connection)


@contextlib.contextmanager
def refusals(connection):
    """A block in which sqlalchemy-migrate works, through connections of its own.

    :raises dialects.base.StatementError: the server refuses
    """
    try:
        yield
    except Exception as error:  # SQLAlchemy and oslo.db raise unrelated classes
        if base.drivers_error(error) is error:
            raise
        raise connection.server.statement_error(error)


def _write(connection):
    from migrate.versioning import api
    from migrate.versioning.repository import Repository
    faults.point('before-record')
    repository = Repository(REPOSITORY)
    if version(connection) is None:
        api.version_control(connection.engine, repository, VERSION - 1)
        faults.point('during-record')
    api.upgrade(connection.engine, repository, VERSION)
    faults.point('after-record')


def erase(connection):
    """Forget the record; the schema stays as it is."""
    if version(connection) is not None:
        connection.rows('DELETE FROM migrate_version WHERE repository_id = :id', id=REPOSITORY_ID)
