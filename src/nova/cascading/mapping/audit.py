"""nova-cascading mapping audit: a check for Nagios and its kin.

Finds instances without a mapping though active, instances that share one lower-level server, and malformed mappings.
Exit 0 all well, 1 active instances without a mapping, 2 mappings that are wrong, 3 nobody can tell; the first line
says so, with figures to draw.
"""

import heapq
import itertools
import operator
import time

from nova.cascading import arguments, failure, output, terminal
from nova.cascading.mapping import instances

COLUMNS = ('problem', 'instance_uuid', 'mapping_uuid', 'host', 'database')
UNMAPPED, DUPLICATE, MALFORMED = 'unmapped', 'duplicate', 'malformed'
SEVERITY = {UNMAPPED: 1, DUPLICATE: 2, MALFORMED: 2}
WORDS = ('OK', 'WARNING', 'CRITICAL')
OVERDUE = "mapping_uuid IS NULL AND vm_state = 'active' AND (launched_at IS NULL OR launched_at < :before)"


def configure(parser):
    """Options of `nova-cascading mapping audit`."""
    parser.add_argument('--grace', type=arguments.count, default=300, metavar='SECONDS',
                        help='how long an instance may be active without a mapping (300)')
    parser.add_argument('--limit', type=arguments.count, default=100, metavar='N',
                        help='how many findings the table shows (100); the other formats show all')
    output.add_options(parser)


def run(args, conf):
    """:returns: exit status as Nagios reads it"""
    report = Table(args.limit) if args.format == 'table' else Listing(args.format)
    counted = {'mapped': 0, UNMAPPED: 0, DUPLICATE: 0, MALFORMED: 0}
    try:
        for problem, database, row in findings(conf, args.grace, counted):
            counted[problem] += 1
            report.add((problem, row.instance_uuid, row.mapping_uuid, row.host, database.name))
    except (Exception, KeyboardInterrupt) as error:
        report.close(failure.for_monitoring(failure.explained(error)[0]))
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
    """(problem, databases.Database, Instance) of everything that is wrong, as it is found; counts what is mapped."""
    found = instances.all_databases(conf)
    before = time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(time.time() - grace))
    for database in found:
        with instances.reading(database) as opened:
            for row in instances.select(opened, OVERDUE, before=before):
                yield UNMAPPED, database, row
            counted['mapped'] += instances.count_mapped(opened)
    suspects = noticed(heapq.merge(*[in_order(place, database) for place, database in enumerate(found)]),
                       lambda item: item[2:])
    for _, is_malformed, place, row in noticed(alive(suspects, found), lambda item: item[3].instance_uuid):
        yield MALFORMED if is_malformed else DUPLICATE, found[place], row


def in_order(number, database):
    """(mapping, whether it is malformed, number of the database, instance's id), in Python's order of the mappings.

    A database's own order may be another one: Danish has "aa" behind "f", also behind "5f". So the few behind all of
    "f" come first, the others by their first digit, and Python sorts each lot of them.
    """
    with instances.reading(database) as opened:
        late = sorted(placed(number, instances.mappings(opened, "mapping_uuid >= 'g'")))
        others = placed(number, instances.mappings(opened, "mapping_uuid < 'g'"))
        lots = itertools.groupby(others, lambda item: item[0][:1])
        for item in heapq.merge(late, itertools.chain.from_iterable(sorted(lot) for _, lot in lots)):
            yield item


def placed(number, found):
    """What is no UUID may be sorted anywhere: it takes the place of the UUID before it."""
    place = ''
    for mapping, row in found:
        is_malformed = not instances.CANONICAL.match(mapping)
        place = place if is_malformed else mapping
        yield place, is_malformed, number, row


def noticed(stream, instance):
    """What of a sorted stream is malformed, or well-formed and not alone in its place.

    :param instance: function that tells which instance an item is of; another copy of the first one is no company
    """
    for _, group in itertools.groupby(stream, operator.itemgetter(0)):
        first = None
        for item in group:
            if item[1]:
                yield item
            elif first is None:
                first, is_alone = item, True
            elif instance(item) != instance(first):
                if is_alone:
                    yield first
                is_alone = False
                yield item


def alive(stream, found):
    """A stream's items with the Instance instead of its id, without those that are deleted."""
    while True:
        page = list(itertools.islice(stream, instances.PAGE))
        if not page:
            return
        rows = {}
        for place, database in enumerate(found):
            numbers = [number for _, _, where, number in page if where == place]
            if numbers:
                with instances.reading(database) as opened:
                    rows.update(((place, number), row) for number, row in instances.numbered(opened, numbers).items())
        for mapping, is_malformed, place, number in page:
            if (place, number) in rows:
                yield mapping, is_malformed, place, rows[place, number]


class Pages(list):
    """What a printer writes, kept."""

    write = list.append


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
        pages = Pages()  # before the summary, so that nothing contradicts it
        if self.rows:
            table = output.printer('table', COLUMNS, pages)
            for row in self.rows:
                table.add(row)
            table.close()
        for text in [line + '\n'] + pages:
            output.Standard.write(text)
        if self.left_out:
            output.Standard.write('{0} more; all of them: --format csv\n'.format(self.left_out))


class Listing(object):
    """All findings for another program; the summary goes to standard error."""

    def __init__(self, name):
        self.rows = output.printer(name, COLUMNS)
        self.add = self.rows.add

    def close(self, line):
        self.rows.close()
        terminal.complain(line)
