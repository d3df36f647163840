"""Give up on a server that has accepted a question and never answers; each driver has a way of its own."""

import select
import sys

SECONDS = 60  # longer than any question of ours takes
_SINCE = {'pymysql': ('VERSION', (0, 7)), 'mysqldb': ('version_info', (1, 2, 4))}  # older ones have no such option
_MODULES = {'pymysql': 'pymysql', 'mysqldb': 'MySQLdb'}


def limits(driver):
    """What to give to the driver's connect(), by name.

    :param driver: its name in SQLAlchemy
    """
    if driver == 'psycopg2':
        from psycopg2 import extensions
        extensions.set_wait_callback(_wait)
    if driver not in _SINCE:
        return {}
    __import__(_MODULES[driver])
    attribute, version = _SINCE[driver]
    if tuple(getattr(sys.modules[_MODULES[driver]], attribute))[:len(version)] < version:
        return {}
    return {'read_timeout': SECONDS, 'write_timeout': SECONDS}


def _wait(connection):
    """psycopg2 waits here instead of in libpq, which knows no limit."""
    from psycopg2 import OperationalError, extensions
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        number = connection.fileno()
        reading, writing = ([number], []) if state == extensions.POLL_READ else ([], [number])
        if not any(select.select(reading, writing, [], SECONDS)):
            connection.close()
            raise OperationalError('the server has not answered within {0} s'.format(SECONDS))
