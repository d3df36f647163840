"""nova-cascading mapping audit: a check for Nagios and its kin.

Finds instances without a mapping though active, instances that share one lower-level server, and malformed mappings.
Exit 0 all well, 1 active instances without a mapping, 2 mappings that are wrong, 3 nobody can tell; the first line
says so, with figures to draw.
"""

import heapq
import itertools
import operator
import sys
import time

from nova.cascading import errors, instances, output

COLUMNS = ('problem', 'instance_uuid', 'mapping_uuid', 'host', 'database')
UNMAPPED, DUPLICATE, MALFORMED = 'unmapped', 'duplicate', 'malformed'
SEVERITY = {UNMAPPED: 1, DUPLICATE: 2, MALFORMED: 2}
WORDS = ('OK', 'WARNING', 'CRITICAL')
OVERDUE = "mapping_uuid IS NULL AND vm_state = 'active' AND (launched_at IS NULL OR launched_at < :before)"


def configure(parser):
    """Options of `nova-cascading mapping audit`."""
    parser.add_argument('--grace', type=int, default=300, metavar='SECONDS',
                        help='how long an instance may be active without a mapping (300)')
    parser.add_argument('--limit', type=int, default=100, metavar='N',
                        help='how many findings the table shows (100); the other formats show all')
    output.add_options(parser)


def run(args, conf):
    """:returns: exit status as Nagios reads it"""
    report = Table(args.limit) if args.format == 'table' else Listing(args.format)
    counted = {'mapped': 0, UNMAPPED: 0, DUPLICATE: 0, MALFORMED: 0}
    try:
        for problem, database, row in findings(conf, args.grace, counted):
            counted[problem] += 1
            report.add((problem, row.instance_uuid, row.mapping_uuid, row.host, database))
    except errors.CascadingError as error:
        report.close('MAPPING UNKNOWN - {0}'.format('{0}'.format(error).replace('\n', ';')))
        return 3
    status = max([0] + [SEVERITY[problem] for problem in SEVERITY if counted[problem]])
    report.close(summary(status, counted))
    return status


def summary(status, counted):
    """The line that a monitoring system shows, in the form of the Monitoring Plugins' guidelines."""
    names = ('mapped', UNMAPPED, DUPLICATE, MALFORMED)
    text = ', '.join('{0} {1}'.format(counted[name], name) for name in names)
    figures = ' '.join('{0}={1}'.format(name, counted[name]) for name in names)
    return 'MAPPING {0} - {1} | {2}'.format(WORDS[status], text, figures)


def findings(conf, grace, counted):
    """(problem, database name, Instance) of everything that is wrong, as it is found; counts what is mapped."""
    found = instances.all_databases(conf)
    before = time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(time.time() - grace))
    for database in found:
        with instances.reading(database) as opened:
            for row in instances.select(opened, OVERDUE, before=before):
                yield UNMAPPED, database.name, row
    malformed = []
    streams = [well_formed(database, malformed, counted) for database in found]
    for _, group in itertools.groupby(heapq.merge(*streams), operator.itemgetter(0)):
        while malformed:
            yield malformed.pop()
        group = list(group)
        for _, name, row in group if len(group) > 1 else ():
            yield DUPLICATE, name, row
    for finding in malformed:
        yield finding


def well_formed(database, malformed, counted):
    """(mapping, database name, Instance) in the order of the mappings; what is no UUID goes to the list `malformed`."""
    with instances.reading(database) as opened:
        for row in instances.in_order_of_mapping(opened):
            counted['mapped'] += 1
            if instances.CANONICAL.match(row.mapping_uuid):
                yield row.mapping_uuid, database.name, row
            else:
                malformed.append((MALFORMED, database.name, row))


class Table(object):
    """The summary first, then a table of the first findings."""

    def __init__(self, limit):
        self.limit = limit
        self.rows = []
        self.left_out = 0

    def add(self, row):
        if len(self.rows) < self.limit:
            self.rows.append(row)
        else:
            self.left_out += 1

    def close(self, line):
        output.write(sys.stdout, line + '\n')
        if self.rows:
            table = output.printer('table', COLUMNS)
            for row in self.rows:
                table.add(row)
            table.close()
        if self.left_out:
            output.write(sys.stdout, '{0} more; all of them: --format csv\n'.format(self.left_out))


class Listing(object):
    """All findings for another program; the summary goes to standard error."""

    def __init__(self, name):
        self.rows = output.printer(name, COLUMNS)
        self.add = self.rows.add

    def close(self, line):
        self.rows.close()
        sys.stderr.write(line + '\n')
