"""Take all mappings out of a nova as CSV, and set those that a CSV file names."""

import codecs
import csv

from nova.cascading import errors, output, safefile, terminal
from nova.cascading.mapping import instances, write

COLUMNS = ('instance_uuid', 'mapping_uuid')
TEXT = {} if str is bytes else {'encoding': 'utf-8-sig'}  # spreadsheets begin a file with a mark


def configure_export(parser):
    """Options of `nova-cascading mapping export`."""
    parser.add_argument('file', nargs='?', metavar='FILE', help='where to write (standard output); must not exist')
    output.end_with_the_reader(parser)


def configure_import(parser):
    """Options of `nova-cascading mapping import`."""
    parser.add_argument('file', metavar='FILE', help='CSV with the columns instance_uuid and mapping_uuid; '
                                                     '/dev/stdin for standard input')
    parser.add_argument('--dry-run', action='store_true', help='say what would be done, and do nothing')
    parser.add_argument('--overwrite', action='store_true', help='also where an instance has another mapping already')
    parser.add_argument('--force', action='store_true', help=write.FORCE)


def export(args, conf):
    """Write the mappings of all instances that are not deleted.

    :raises errors.CascadingError: a database cannot be read; a file is not left behind then
    """
    if not args.file:
        write_all(conf, None)
        return 0
    try:
        with safefile.new(args.file) as out:
            write_all(conf, out if str is bytes else codecs.getwriter('utf-8')(out))
    except EnvironmentError as error:
        raise errors.CascadingError('cannot write {0}: {1}'.format(args.file, error.strerror),
                                    'give the name of a file that does not exist yet, on a disk that has room')
    return 0


def write_all(conf, out):
    rows = output.printer('csv', COLUMNS, out)
    for _, page in instances.everywhere(conf, 'mapping_uuid IS NOT NULL', ('uuid', 'mapping_uuid')):
        rows.add_page(page)
    rows.close()


def load(args, conf):
    """Set what the file names. The whole file is read and checked before anything is changed.

    :returns: exit status: 0 all set, 1 some could not be, 2 for some of them nobody could be asked
    """
    checked = pairs(args.file, args.force)
    instances.all_databases(conf)
    work = Import(conf, args)
    try:
        work.all(checked)
    finally:
        work.tell()
    return work.status


def pairs(path, is_forced=False):
    """[(line number, instance, lower-level server)] of all lines of a file, which may be a pipe, so it is read once.

    :param is_forced: whether several instances may stand for one server
    :raises errors.CascadingError: a line is not what it has to be, or contradicts another one
    """
    try:
        with open(path, **TEXT) as lines:
            return list(consistent(path, each(path, lines), is_forced))
    except EnvironmentError as error:
        raise errors.CascadingError('cannot read {0}: {1}'.format(path, error.strerror),
                                    'give the name of a file that you may read; /dev/stdin is standard input')
    except (UnicodeError, csv.Error) as error:
        raise errors.CascadingError('{0} is no CSV file: {1}'.format(path, error),
                                    'save it as CSV, in UTF-8; see what this writes: nova-cascading mapping export')


def each(path, lines):
    """(line number, instance, lower-level server) of each line, in the form in which nova writes UUIDs."""
    reader = csv.DictReader(_unmarked(lines))
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        raise errors.CascadingError('{0}: the first line must name the columns {1}'.format(
            path, ' and '.join(COLUMNS)), 'see what this writes: nova-cascading mapping export')
    for row in reader:
        place = '{0}, line {1}'.format(path, reader.line_num)
        yield (reader.line_num, instances.canonical(row['instance_uuid'] or '', place),
               instances.canonical(row['mapping_uuid'] or '', place))


def _unmarked(lines):
    """Python 2 reads bytes, so the mark that spreadsheets begin a file with is still there."""
    for number, line in enumerate(lines):
        yield line[len(codecs.BOM_UTF8):] if str is bytes and not number and line.startswith(codecs.BOM_UTF8) else line


def consistent(path, found, is_forced):
    """The lines, as long as each instance and, unless forced, each server stands in one of them."""
    numbers = {}
    for number, uuid, server in found:
        for what, one in (('instance', uuid), ('server', server)):
            first = numbers.setdefault((what, one), number)
            if first != number and not (what == 'server' and is_forced):
                raise errors.CascadingError(
                    '{0}, line {1}: the {2} {3} stands in line {4} already; nothing was changed'.format(
                        path, number, what, one, first),
                    'leave one of the lines out' + (', or say --force' if what == 'server' else ''))
        yield number, uuid, server


class Import(object):
    """:param args: file, dry_run, overwrite and force"""

    def __init__(self, conf, args):
        self.conf = conf
        self.args = args
        self.writer = write.Writer(conf)
        self.done = {'set': 0, 'unchanged': 0, 'failed': 0}
        self.told = {}  # what nobody could be asked, and why -> the first line that met it
        self.status = 0
        self.ahead = set()  # instances whose line is not done yet
        self.moved = set()  # those whose line was set, or would have been
        self.waiting = {}  # instance -> the line that is to have its server

    def all(self, lines):
        """What one line frees another one may take, wherever it stands; lines that wait for each other all fail."""
        self.ahead.update(uuid for _, uuid, _ in lines)
        for line in lines:
            while line:
                line = self.one(*line)
        self.ahead.clear()
        for line in sorted(self.waiting.values()):
            self.one(*line)

    def one(self, number, uuid, server):
        """A line that fails, in a cell that is away say, keeps no other from being set.

        :returns: the line that has waited for this one, or None
        """
        try:
            self.done[self._change(uuid, server)] += 1
        except errors.CascadingError as error:
            holder = getattr(error, 'holder', None)
            if holder in self.ahead:
                self.waiting[holder] = (number, uuid, server)
                return None
            self.done['failed'] += 1
            self.status = max(self.status, error.status)
            self._complain(number, error)
        self.ahead.discard(uuid)
        return self.waiting.pop(uuid, None)

    def _complain(self, number, error):
        """A cell that is away is told of once, however many lines it keeps from being set."""
        first = self.told.setdefault(str(error), number) if error.status == errors.Unreachable.status else number
        terminal.complain('{0}, line {1}: {2}'.format(
            self.args.file, number, error if first == number else 'as line {0}'.format(first)))

    def _change(self, uuid, server):
        database, row = instances.get(self.conf, uuid)
        if row.mapping_uuid == server:
            return 'unchanged'
        if row.mapping_uuid and not self.args.overwrite:
            raise errors.CascadingError('instance {0} has the mapping {1} already'.format(uuid, row.mapping_uuid),
                                        'to replace it: --overwrite')
        if not self.args.force:
            write.refuse_taken(self.conf, uuid, server, self.moved)
        if not self.args.dry_run:
            self.writer.set(database, uuid, server)
        self.moved.add(uuid)
        return 'set'

    def tell(self):
        word = 'to be set' if self.args.dry_run else 'set'
        terminal.say('{0} {1}, {2} unchanged, {3} failed'.format(
            self.done['set'], word, self.done['unchanged'], self.done['failed']))
