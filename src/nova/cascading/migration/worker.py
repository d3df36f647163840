"""Bring one database into the desired state. Only what is missing is done."""

import math
import time

from nova.cascading import errors, faults
from nova.cascading.database.dialects import base
from nova.cascading.migration import adopt, desired, feasibility, record

_clock = getattr(time, 'monotonic', time.time)


def is_idle(connection):
    """Whether a database is in the desired state, and this is recorded.

    :raises errors.CascadingError: see adopt.refuse_original and desired.Missing
    """
    adopt.refuse_original(connection)
    return not desired.Missing(connection.server) and not record.is_due(connection)


class Worker(object):
    """Changes one database.

    :param connection: connection.Connection
    :param options: the group [cascading] of nova.conf
    :param say: function that tells the user a line
    """

    def __init__(self, connection, options, say):
        self.connection = connection
        self.server = connection.server
        self.options = options
        self.say = say
        self.end = _clock() + options.max_wait

    @property
    def left(self):
        """Whole seconds that it may still wait for others."""
        return int(math.ceil(max(self.end - _clock(), 0)))

    def run(self):
        """Bring the database into the desired state, and record that; returns whether there was anything to do.

        :raises errors.CascadingError: it could not be done; what was done stays and is right
        """
        adopt.refuse_original(self.connection)
        return self._queued(record.is_due(self.connection), lambda: record.write(self.connection))

    def change_schema(self):
        """The same without the record: sqlalchemy-migrate, which calls this, keeps that."""
        return self._queued(False, lambda: None)

    def adopt(self):
        """Take over a database of the 2014 original, then bring it into the desired state."""
        self.server.refuse_unfit()
        self.server.prepare(self.options)
        with self.server.queue(self):
            is_adopted = adopt.run(self)
        return self.run() or is_adopted

    def _queued(self, is_due, finish):
        missing = desired.Missing(self.server)
        if not missing and not is_due:
            return False
        feasibility.refuse(self.server, missing)
        doubt = self.server.doubt()
        if doubt:
            self.say('{0}: {1}'.format(self.connection.title, doubt))
        self.server.prepare(self.options)
        with self.server.queue(self):
            self._follow()
            finish()
        return True

    def _follow(self):
        """Do what is missing until nothing is: another run may undo or do a part, and a server may not do all."""
        for _ in range(5):
            missing = desired.Missing(self.server)
            if not missing:
                return
            if missing.columns:
                self.server.add_columns(missing.columns, self)
            else:
                self._rest(missing)
        missing = desired.Missing(self.server)
        if missing:
            raise errors.CascadingError('{0}: still lacks {1}, although the server has taken every change'.format(
                self.connection.title, missing), 'see that no other program changes this database, then run this again')

    def _rest(self, missing):
        for table, after in missing.moves:
            self.server.move_column(table, after, self)
        if missing.index:
            self.server.add_index(self)

    def wait_for_turn(self, try_it, holder):
        """Wait until another run has ended.

        :param try_it: function that tells whether it is our turn
        :param holder: function that tells who has it
        :raises base.StatementError: it has not ended in time
        """
        told = _clock() - 60
        while not try_it():
            if _clock() - told >= 30:
                self.say('{0}: another run changes it ({1}); waiting for that one to end'.format(
                    self.connection.title, self.told(holder)))
                told = _clock()
            if not self.left:
                raise base.StatementError(
                    base.LOCKED, '{0}: another run changes it ({1}), and has not ended in {2} s'.format(
                        self.connection.title, self.told(holder), self.options.max_wait),
                    'when no other nova-cascading runs anywhere, end that connection; then run this again')
            time.sleep(0.25)

    @staticmethod
    def told(ask):
        """Who holds things up; the work goes on, whether the server tells that or not."""
        try:
            return ask()
        except base.StatementError:
            return 'the server does not tell who'

    def change(self, point, table, *statements, **how):
        """Run statements that need a table for themselves for a moment; waits for it within the limits of nova.conf.

        :param point: what the statement makes, also the name of its fault points
        :param run: (by name) what runs the statements, when they are no single transaction
        """
        run = how.get('run', self.together)
        faults.point('before-' + point)
        try:
            self.patiently(table, lambda: run(statements))
        except base.StatementError as error:
            if error.kind != base.EXISTS:  # another run was quicker; what there is now is looked at afterwards
                raise
        faults.point('after-' + point)
        self.say('{0}: {1}'.format(self.connection.title, '; '.join(statements)))

    def together(self, statements):
        """Run statements in one transaction, in which no other session waits for long."""
        with self.server.brief_transaction():
            for statement in statements:
                self.connection.rows(statement)

    def patiently(self, table, action):
        """Do something that needs a table for itself, again and again while others use it."""
        for attempt in range(self.options.lock_retries + 1):
            try:
                return action()
            except base.StatementError as error:
                if error.kind != base.LOCKED:
                    raise
                in_use = self._in_use(table)
                if attempt == self.options.lock_retries or not self.left:
                    raise base.StatementError(base.LOCKED, '{0}; {1}'.format(error.what, in_use), error.hint)
                self._pause(in_use, attempt)

    def _in_use(self, table):
        who = self.told(lambda: self.server.holders(table))
        return '{0} is in use{1}'.format(table, ' ({0})'.format(who) if who else '')

    def _pause(self, in_use, attempt):
        seconds = min(0.5 * 2 ** attempt, 5)
        self.say('{0}: {1}; attempt {2} of {3} in {4:g} s'.format(
            self.connection.title, in_use, attempt + 2, self.options.lock_retries + 1, seconds))
        time.sleep(seconds)


class Rehearsal(Worker):
    """Tells the statements instead of running them; each in the manner that is tried first."""

    def run(self):
        missing, is_due = feasibility.foresee(self.connection, self.options), record.is_due(self.connection)
        if not missing and not is_due:
            return False
        self.server.prepare(self.options)
        if missing.columns:
            self.server.add_columns(missing.columns, self)
        self._rest(missing)
        if is_due:
            self.say('{0}: version {1} of {2} into migrate_version'.format(
                self.connection.title, record.VERSION, record.REPOSITORY_ID))
        return True

    def change(self, point, table, *statements, **how):
        self.say('{0}: {1}'.format(self.connection.title, '; '.join(statements)))
