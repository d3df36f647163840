"""Takes a tree from one side of its journal to the other: install, undo, uninstall."""

import difflib
import os

from installer import change, database, files, services
from installer.findnova import Nova
from installer.journal import INSTALLED, INSTALLING, UNINSTALLING
from installer.say import Refusal, quoted, say


def forward(journal, options):
    """Install what the journal holds; the database gets the column before any code needs it."""
    plan = journal.plan
    nova = Nova(plan['parent'], plan['python'])
    change.apply(journal, 'after', [entry for entry in plan['entries'] if entry['before'] is None])
    if plan.get('adopt'):
        database.adopt(nova, options)
    database.sync(nova, options)
    change.apply(journal, 'after', plan['entries'])


def conclude(journal, options):
    """Restart what runs, and call the tree installed.

    :returns: exit status.
    """
    worked = restart(journal, options, options.db)
    journal.mark(INSTALLED)
    say('installed: {0}'.format(journal.plan['name']))
    if not options.db:
        say('The database was left alone: run `nova-cascading db sync` before you restart the services.')
    say('To undo: sudo sh {0}'.format(quoted(os.path.join(journal.folder, 'installation', 'uninstall.sh'))))
    return 0 if worked else 1


def restart(journal, options, allowed=True):
    if allowed and options.restart:
        return services.restart(journal.parent)
    for service in services.running(journal.parent):
        say('not restarted: {0} (process {1})'.format(service.name, service.pid))
    return True


def backward(journal, options):
    """Uninstall, in the opposite order: what uses the additions goes first.

    :returns: whether all services could be restarted.
    """
    journal.mark(UNINSTALLING)
    plan = journal.plan
    change.apply(journal, 'before', [entry for entry in plan['entries'] if entry['before'] is not None])
    worked = restart(journal, options)
    if options.drop_column:
        database.drop_column(Nova(plan['parent'], plan['python']), options)
    _take_out(journal)
    return worked


def undo(journal):
    """Bring back what was there before, whatever state the journal is in; services and database stay as they are."""
    if journal.state == INSTALLED:
        journal.mark(UNINSTALLING)
    if journal.state:
        change.apply(journal, 'before', [entry for entry in journal.entries if entry['before'] is not None])
        _take_out(journal)
    else:
        journal.forget()


def _take_out(journal):
    change.apply(journal, 'before', [entry for entry in journal.entries if entry['before'] is None])
    for folder in change.remove_folders(journal):
        say('left in place, it holds files that are not ours: {0}'.format(journal.target(folder)))
    change.restore_times(journal)
    journal.forget()


def complete(journal, options):
    """Bring an interrupted run to its end.

    :returns: whether that was an installation.
    """
    if journal.state not in (INSTALLING, UNINSTALLING):
        return False
    refuse_strangers(journal, ('before', 'after'))
    say('an earlier run was interrupted while {0}; completing it'.format(journal.state))
    if journal.state == UNINSTALLING:
        undo(journal)
        return False
    forward(journal, options)
    return True


def refuse_strangers(journal, sides):
    """:raises Refusal: a file was changed by someone else since, with the difference."""
    found = [entry for entry in journal.entries if entry['kind'] == 'code'
             and files.digest(journal.target(entry['path'])) not in [entry[side] for side in sides]]
    if found:
        raise Refusal('changed since the installation, so nothing was touched:\n'
                      + '\n'.join(_difference(journal, entry) for entry in found),
                      'keep your change elsewhere and put the installed file back, e.g. cp -a {0} {1}'.format(
                          quoted(journal.kept('after', found[0]['path'])), quoted(journal.target(found[0]['path']))))


def _difference(journal, entry, limit=40):
    target = journal.target(entry['path'])
    if not os.path.exists(target):
        return '{0} is gone'.format(target)
    installed = files.read(journal.kept('after', entry['path'])) if entry['after'] else b''
    texts = [files.text_of(content).splitlines() for content in (installed, files.read(target))]
    lines = list(difflib.unified_diff(texts[0], texts[1], 'installed/' + entry['path'], target, lineterm=''))
    return '\n'.join(lines[:limit] + ['...'] * (len(lines) > limit))
