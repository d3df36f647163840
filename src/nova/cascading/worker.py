"""Bring one database into the desired state. Only what is missing is done."""

import time

from nova.cascading import adopt, errors, faults, plan, record
from nova.cascading.dialects import base


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
        with self.server.queue(self.say):
            is_adopted = adopt.run(self.connection, self.say)
        return self.run() or is_adopted

    def _queued(self, is_due, finish):
        if not plan.Plan(self.server) and not is_due:
            return False
        self.server.refuse_unfit()
        self.server.prepare(self.options)
        with self.server.queue(self.say):
            self._follow(plan.Plan(self.server))
            finish()
        return True

    def _follow(self, missing):
        if missing.columns:
            self.server.add_columns(missing.columns, self)
            missing = plan.Plan(self.server)
        for table, after in missing.moves:
            self.server.move_column(table, after, self)
        if missing.index:
            self.server.add_index(self)

    def change(self, point, table, *statements):
        """Run statements that need a table for themselves for a moment; waits for it within the limits of nova.conf.

        :param point: what the statement makes, also the name of its fault points
        """
        faults.point('before-' + point)
        try:
            self.patiently(table, lambda: self._together(statements))
        except base.StatementError as error:
            if error.kind != base.EXISTS:  # another node of the cluster was quicker
                raise
        faults.point('after-' + point)
        self.say('{0}: {1}'.format(self.connection.title, '; '.join(statements)))

    def _together(self, statements):
        with self.connection.transaction():
            for statement in statements:
                self.connection.rows(statement)

    def patiently(self, table, action):
        """Do something that needs a table for itself, again and again while others use it."""
        for attempt in range(self.options.lock_retries + 1):
            try:
                return action()
            except base.StatementError as error:
                if error.kind != base.LOCKED or attempt == self.options.lock_retries:
                    raise
                self._pause(table, attempt)

    def _pause(self, table, attempt):
        seconds = min(0.5 * 2 ** attempt, 5)
        self.say('{0}: {1} is in use; attempt {2} of {3} in {4:g} s'.format(
            self.connection.title, table, attempt + 2, self.options.lock_retries + 1, seconds))
        time.sleep(seconds)

    def may_copy(self, table, server):
        """:raises errors.CascadingError: the table is large, and nobody has allowed to copy it"""
        if self.options.allow_table_copy or server.is_small(table):
            return
        rows, size = server.size(table)
        raise errors.CascadingError(
            '{0}: this server can only change {1} by copying or locking it, and it has about {2} rows ({3} MB)'.format(
                self.connection.title, table, rows, size // 2 ** 20),
            'choose a quiet hour, then run this again with --allow-table-copy')
