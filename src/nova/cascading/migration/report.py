"""What is told of each database: a line for people, or a row for programs."""

from nova.cascading import terminal

NOT_CONFIGURED = 'nothing to migrate here: nova.conf names no database'
COLUMNS = ('database', 'state', 'detail', 'next')  # of --format
STATES = {0: 'left alone', 1: 'refused', 2: 'unknown'}  # of a database about which there is an error, by its status


class Report(object):
    """Tells people a line, or programs a row, about each database; keeps the exit status.

    :param form: as --format says
    """

    def __init__(self, form='table'):
        self.rows = None
        self.statuses = [0]
        if form != 'table':
            from nova.cascading import output  # a starting service waits for `db check --gate`
            self.rows = output.printer(form, COLUMNS)
        self.say = terminal.complain if self.rows else terminal.say

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """What has been added is a whole answer to a program, whatever has ended the command."""
        if self.rows:
            self.rows.close()

    def add(self, name, title, state, detail=None, then=None, status=0):
        """:param title: what people read in the place of the name"""
        self.statuses.append(status)
        if self.rows:
            self.rows.add((name, state, detail, then))
        else:
            terminal.say('{0}: {1}{2}'.format(title, detail or state, '; run: ' + then if then else ''))

    def lacks(self, database, what):
        self.add(database.name, database, 'lacking', 'lacks ' + what, 'nova-cascading db sync', 1)

    def fail(self, name, error):
        self.statuses.append(error.status)
        terminal.complain('nova-cascading: {0}'.format(error))
        if self.rows:
            self.rows.add((name, STATES[error.status], error.what, error.hint))

    @property
    def status(self):
        """The exit status: what is known to be wrong counts for more than what nobody can tell."""
        return 1 if 1 in self.statuses else max(self.statuses)
