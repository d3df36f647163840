"""Whether the fork is to blame for a service that does not come up, by what the service said."""

import os
import re

from nova.cascading import safefile

LOGS = ('/var/log/nova/{0}.log', '/var/log/upstart/{0}.log')
TAIL = 65536  # bytes
# A statement that merely names the column is in the error of any database that goes away meanwhile.
OURS = re.compile(r'File "[^"]*/nova/cascading/|No module named .?nova[./]cascading'
                  r'|(Unknown column|no such column)[^\n]{0,80}mapping_uuid|mapping_uuid[^\n]{0,80}does not exist')

# What the gate says when it is closed (migration/report.py); or systemd of a gate that it cannot run.
REFUSAL = re.compile(r'lacks [^\n]*; run: nova-cascading db sync|(spawning|locate executable) \S*/nova-cascading')


def is_refusal(journal):
    return bool(REFUSAL.search(journal))


def is_ours(name, since, journal):
    """
    :param since: seconds since 1970 of its restart
    :param journal: what it has said to systemd's journal since then
    :returns: whether its last words, there or in its log file, come from the fork's code or are about its column
    """
    said = [journal] + [tail(path.format(name), since) for path in LOGS]
    return bool(OURS.search('\n'.join(said)))


def tail(path, since):
    """The end of a log file, if anything was written to it since then."""
    try:
        return safefile.end_of(path, TAIL).decode('utf-8', 'replace') if os.stat(path).st_mtime >= since else ''
    except EnvironmentError:
        return ''
