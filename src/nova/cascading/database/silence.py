"""Give up on a server that has accepted a question and never answers; each driver has a way of its own."""

import select
import socket
import sys

SECONDS = 60  # longer than any question of ours takes
_PROBES = (('TCP_KEEPIDLE', SECONDS), ('TCP_KEEPINTVL', 10), ('TCP_KEEPCNT', 6), ('TCP_USER_TIMEOUT', 120000))
_SINCE = {'pymysql': ('VERSION', (0, 7)), 'mysqldb': ('version_info', (1, 2, 4))}  # older ones have no such option
_MODULES = {'pymysql': 'pymysql', 'mysqldb': 'MySQLdb'}


def limits(driver, to_connect, is_patient):
    """What to give to the driver's connect(), by name.

    :param driver: its name in SQLAlchemy
    :param to_connect: seconds that the server may take to let us in
    :param is_patient: whether it may take as long as it takes over an answer
    """
    if driver == 'psycopg2':
        return _of_psycopg2(to_connect, None if is_patient else SECONDS)
    if is_patient or driver not in _SINCE:
        return {}
    __import__(_MODULES[driver])
    attribute, version = _SINCE[driver]
    if tuple(getattr(sys.modules[_MODULES[driver]], attribute))[:len(version)] < version:
        return {}
    return {'read_timeout': SECONDS, 'write_timeout': SECONDS}


def _of_psycopg2(to_connect, to_answer):
    """psycopg2 has one function that waits, for the whole process: the limits belong to the connection.

    The function is also what lets ^C end a wait; within libpq nothing does.
    """
    from psycopg2 import extensions
    if not hasattr(extensions, 'set_wait_callback'):  # before 2.2
        return {}
    extensions.set_wait_callback(_wait)

    class Limited(extensions.connection):
        limits = (to_connect, to_answer)
    return {'connection_factory': Limited}


def _wait(connection):
    """psycopg2 waits here instead of in libpq, and closes the connection itself when this fails.

    Until then it holds a lock, so that close() would wait for ever.
    """
    from psycopg2 import OperationalError, extensions
    while True:
        state = connection.poll()
        if state == extensions.POLL_OK:
            return
        is_open = connection.status in (extensions.STATUS_READY, extensions.STATUS_BEGIN)
        seconds = getattr(connection, 'limits', (None, None))[is_open]
        if not _has_come(connection.fileno(), state == extensions.POLL_READ, seconds):
            raise OperationalError('the server has not answered within {0} s'.format(seconds))


def _has_come(number, is_to_read, seconds):
    """Whether the line was ready in time; when it was not, or ^C came, nothing will ever come through it again."""
    is_ready = False
    try:
        is_ready = any(select.select([number] * is_to_read, [number] * (not is_to_read), [], seconds))
    finally:
        if not is_ready:
            _shut(number)
    return is_ready


def _shut(number):
    """Before 2.4.6, psycopg2 goes on reading when the wait has failed, until the server ends."""
    line = socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM)
    try:
        line.shutdown(socket.SHUT_RDWR)
    except EnvironmentError:  # it is shut already
        pass
    finally:
        line.close()


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
