"""What becomes of an error that nobody foresaw: words for the administrator, and its traceback in the system's log."""

import os
import sys
import syslog
import traceback

LOG = '/dev/log'
REPORT = 'this is a bug: please report it to those who made the bundle, with {0}'
LOGGED = 'what the system\'s log has of it (journalctl -t nova-cascading, or /var/log/syslog, /var/log/messages)'
DEBUG = 'NOVA_CASCADING_DEBUG'
UNLOGGED = 'all that it prints with {0}=1 in its environment'.format(DEBUG)


def told(error):
    """:param error: what was caught, in its `except` block
    :returns: words for the user
    """
    if isinstance(error, MemoryError):  # which is nobody's mistake
        return 'there is no memory left'
    lines = ['installer, Python {0}'.format(sys.version.split()[0])] + traceback.format_exc().splitlines()
    if os.environ.get(DEBUG):
        sys.stderr.write('\n'.join(lines) + '\n')
    is_logged = os.path.exists(LOG)
    if is_logged:
        syslog.openlog('nova-cascading', syslog.LOG_PID, syslog.LOG_DAEMON)
        for line in lines:
            syslog.syslog(syslog.LOG_ERR, repr(line)[1:-1])  # whatever is in a path, it is one line
    return '{0}: {1}; {2}'.format(error.__class__.__name__, error, REPORT.format(LOGGED if is_logged else UNLOGGED))
