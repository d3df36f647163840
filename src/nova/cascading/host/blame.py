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
REFUSAL = re.compile(r'lacks [^\n]*; run: nova-cascading db sync'
                     r'|(step EXEC spawning|locate executable) \S*/nova-cascading')


def is_refusal(journal):
    return bool(REFUSAL.search(journal))


def is_ours(name, lengths, journal):
    """
    :param lengths: what lengths() returned before its restart
    :param journal: what it has said to systemd's journal since then
    :returns: whether its last words, there or in its log files, come from the fork's code or are about its column
    """
    said = [journal] + [added(path.format(name), before) for path, before in zip(LOGS, lengths)]
    return bool(OURS.search('\n'.join(said)))


def lengths(name):
    """How long its log files are: what stands in them is about an earlier start."""
    return [length(path.format(name)) for path in LOGS]


def length(path):
    try:
        return os.stat(path).st_size
    except EnvironmentError:
        return 0


def added(path, before):
    """The end of what was written to a log file since it had that length; all of one that was rotated meanwhile."""
    more = length(path) - before
    return safefile.end_of(path, TAIL if more < 0 else min(more, TAIL)).decode('utf-8', 'replace')
