"""What becomes of an error that ends a command: words for the user, an exit status, a bug's traceback in the log."""

import errno
import os
import sys
import syslog
import traceback

from nova.cascading import errors, redact, terminal, version

LOG = '/dev/log'
REPORT = 'this is a bug: please report it to the maintainers (Maintainer in `apt show`, Packager in `rpm -qi`), '
LOGGED = REPORT + 'with\n  what the system\'s log has of it: journalctl -t nova-cascading, or /var/log/syslog, ' \
                  '/var/log/messages'
UNLOGGED = REPORT + 'with\n  all that it prints when it is run again with NOVA_CASCADING_DEBUG=1'

# What a host runs out of.
SCARCE = (errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EFBIG)


def tell(error):
    """Tell an error on standard error.

    :param error: what was caught, in its `except` block
    :returns: exit status: 1 failed, 2 cannot tell
    """
    words, status = explained(error)
    terminal.complain('nova-cascading: {0}'.format(words))
    return status


def explained(error):
    """(words, exit status); for each kind of error that a command may end with."""
    if isinstance(error, errors.CascadingError):
        return error, error.status
    if isinstance(error, KeyboardInterrupt):
        return 'interrupted; what was done stays, run the command again to go on', 1
    if isinstance(error, ImportError):  # the host is being upgraded, say
        return ('this nova does not work now: {0}\n  finish its installation (by packages or pip), then run this '
                'again'.format(errors.text(error))), 2
    if isinstance(error, MemoryError) or getattr(error, 'errno', None) in SCARCE:
        return ('this host has run out of something: {0}\n  what was done stays; make room, then run the command '
                'again'.format(errors.text(error) or 'memory')), 2
    return bug(error), 1


def for_monitoring(thing):
    """An error as the one line that `mapping audit` ends with."""
    return 'MAPPING UNKNOWN - {0}'.format('; '.join(line.strip() for line in '{0}'.format(thing).split('\n')))


def bug(error):
    """Words about an error that nobody foresaw; its traceback is kept for those who can read it.

    :param error: what was caught, in its `except` block
    """
    about = 'nova-cascading {0}, Python {1}'.format(version.text(), sys.version.split()[0])
    lines = [about] + redact.hide(traceback.format_exc()).splitlines()
    if os.environ.get('NOVA_CASCADING_DEBUG'):
        for line in lines:
            terminal.complain(line)
    return '{0}: {1}\n  {2}'.format(error.__class__.__name__, redact.hide(error),
                                    LOGGED if _log(lines) else UNLOGGED)


def _log(lines):
    """:returns: whether there is a log on this host"""
    if not os.path.exists(LOG):
        return False
    syslog.openlog('nova-cascading', syslog.LOG_PID, syslog.LOG_DAEMON)
    for line in lines:
        syslog.syslog(syslog.LOG_ERR, errors.printable(line))
    return True
