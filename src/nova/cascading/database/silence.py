"""Give up on a server that has accepted a question and never answers; each driver has a way of its own."""

import select
import socket
import sys

SECONDS = 60  # longer than any question of ours takes
_PROBES = (('TCP_KEEPIDLE', SECONDS), ('TCP_KEEPINTVL', 10), ('TCP_KEEPCNT', 6), ('TCP_USER_TIMEOUT', 120000))
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


def notice_end(driver_connection):
    """Have the kernel look, from now on, whether the server's host is still there: after two minutes it is gone.

    A change of a table may take hours, so its answer has no other limit; the kernel's own is two hours.
    """
    number = getattr(driver_connection, 'fileno', None) or getattr(
        getattr(driver_connection, '_sock', None), 'fileno', None)  # PyMySQL
    try:
        line = socket.fromfd(number(), socket.AF_INET, socket.SOCK_STREAM)
    except Exception:  # this driver does not show it
        return
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _PROBES:
            if hasattr(socket, name):  # Python 2 does not know the last one
                line.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    except EnvironmentError:  # a local socket, whose server cannot go unseen
        pass
    finally:
        line.close()
