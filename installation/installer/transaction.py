"""Takes a tree from one side of its journal to the other: install, undo, uninstall."""

import difflib
import os
import sys

from installer import bug, change, database, files, services, trust
from installer.findnova import Nova
from installer.journal import INSTALLED, INSTALLING, UNINSTALLING
from installer.look import EDITED, FOREIGN, OURS, Look
from installer.say import Refusal, quoted, say
from installer.signals import Deaf, Interrupted


def forward(journal, options):
    """Install what the journal holds; the database gets the column before any code needs it."""
    plan = journal.plan
    nova = nova_of(journal, options)
    change.apply(journal, 'after', [entry for entry in plan['entries'] if entry['before'] is None])
    if plan.get('adopt'):
        database.adopt(nova, options)
    database.sync(nova, options)
    change.apply(journal, 'after', plan['entries'])
    journal.note_change()


def nova_of(journal, options):
    """:returns: the nova that a journal is about; without an interpreter when it is gone, or others can write it."""
    python, users = options.python or journal.plan['python'], trust.ourselves()
    users.add(trust.owner_of(journal.target('nova/__init__.py')))
    weakness = python and trust.weakness_of_interpreter(python, users)
    if weakness:
        say('not run: {0}, as {1}'.format(python, weakness))
    return Nova(journal.parent, None if weakness else python)


def conclude(journal, options):
    """Restart what runs, and call the tree installed.

    :returns: exit status.
    """
    worked = restart(journal, options, options.db)
    try:
        with Deaf():
            journal.forget_previous()
            journal.mark(INSTALLED)
    except EnvironmentError as error:
        raise Refusal('the fork is in place, but its journal could not be marked so: {0}'.format(error),
                      'mend that, then run install.sh again')
    say('installed: {0}'.format(journal.plan['name']))
    if not options.db:
        say('The database was left alone: run `nova-cascading db sync` before you restart the services.')
    say('To undo: sudo sh {0}'.format(way_back(journal)))
    return 0 if worked else 1


def way_back(journal):
    own = os.path.join(journal.folder, 'installation', 'uninstall.sh')
    return quoted(own) if os.path.exists(own) else './uninstall.sh'  # that of a clean-up of 2014 has none


def restart(journal, options, allowed=True, before=None):
    """:returns: whether no service was left that should have been restarted and was not named."""
    nova = nova_of(journal, options)
    try:
        found = services.running(nova, before)
    except Interrupted as error:
        say('{0}; it was not looked which services run, and none was restarted'.format(error))
        return False
    if allowed and options.restart:
        return services.restart(nova, found)
    for service in found:
        say('not restarted: {0} (process {1})'.format(service.name, service.pid))
    return True


# --- the way back ----------------------------------------------------------------------------------------------------

def backward(journal, look, options):
    """Uninstall, in the opposite order: what uses the additions goes first.

    :returns: (whether all services could be restarted, paths that are not what they were)
    """
    if options.drop_column:
        database.check_drop(nova_of(journal, options))
    with Deaf():
        journal.mark(UNINSTALLING)
        mine = look.ours()
        change.apply(journal, 'before', [entry for entry in mine if entry['before'] is not None])
    worked = restart(journal, options)
    if options.drop_column:
        database.drop_column(nova_of(journal, options), options)
    with Deaf():
        return worked, _take_out(journal, look)


def undo(journal):
    """Bring back what was there before, whatever state the journal is in; services and database stay as they are.

    :returns: paths that are not what they were before.
    """
    with Deaf():
        if not journal.state:
            journal.forget()
            return []
        if journal.state == INSTALLED:
            journal.mark(UNINSTALLING)
        look = Look(journal)
        change.apply(journal, 'before', [entry for entry in look.ours() if entry['before'] is not None])
        return _take_out(journal, look)


def reinstall(journal, bring_back):
    """Put an earlier bundle back whose replacement failed; its database change is still there.

    :returns: paths that are not what they were before.
    """
    bring_back()
    change.apply(journal, 'after', journal.entries)
    journal.note_change()
    journal.mark(INSTALLED)
    return []


def _take_out(journal, look):
    """:returns: paths that are not what they were before."""
    mine = look.ours()
    change.apply(journal, 'before', [entry for entry in mine if entry['before'] is None])
    change.sweep(journal, journal.entries)
    for folder in change.remove_folders(journal, look.is_gone):
        say('left in place, it holds files that are not ours: {0}'.format(journal.target(folder)))
    if look.is_all_ours:
        change.restore_times(journal)
    unlike = [journal.target(entry['path']) for entry in mine if not journal.is_before(entry)]
    journal.forget()
    return unlike


def close(journal, look):
    """Give up a journal whose tree is gone, or is another nova: only the fork's own unchanged files are taken away."""
    say('{0}: taking away what nova-cascading has left there, and closing its journal'.format(look.summary()))
    with Deaf():
        journal.mark(UNINSTALLING)
        _take_out(journal, look)
    for path in sorted(path for path, kind in look.now.items() if kind == EDITED or look.changed.get(path) == OURS):
        say('left as it is: {0}'.format(journal.target(path)))


# --- when something comes in between ---------------------------------------------------------------------------------

def guarded(work, ways_back):
    """Do some work; whatever ends it early, go the ways back.

    :param ways_back: functions that undo, each with the paths that are not what they were as its result.
    :raises Refusal: what ended it, and what the tree is like now.
    """
    try:
        return work()
    except BaseException:
        error = sys.exc_info()[1]
        is_known = isinstance(error, (EnvironmentError, Interrupted, Refusal))
        what = error if is_known else bug.told(error)
        with Deaf():
            say('stopped; undoing what was done')
            result = _go_back(ways_back)
        raise Refusal('{0}\n  {1}'.format(what, result), getattr(error, 'hint', '')
                      or 'mend that, then run install.sh again')


def _go_back(ways_back):
    unlike = []
    try:
        for way in ways_back:
            unlike += way()
    except (EnvironmentError, Refusal) as second:
        return 'It could not be undone either: {0}\n  The journal has everything that is needed: mend that, then run ' \
               'uninstall.sh.'.format(second)
    if unlike:
        return 'It was undone, but these are not what they were: {0}'.format(', '.join(unlike))
    return 'Every file is what it was before.'


def complete(journal, options):
    """Bring an interrupted run to its end.

    :returns: whether that was an installation.
    """
    if journal.state not in (INSTALLING, UNINSTALLING):
        return False
    look = Look(journal)
    refuse_undecided(look)
    if look.is_other:
        return False
    say('an earlier run was interrupted while {0}; completing it'.format(journal.state))
    if journal.state == UNINSTALLING:
        undo(journal)
        return False
    guarded(lambda: forward(journal, options), [lambda: undo(journal)])
    return True


def refuse_undecided(look):
    """:raises Refusal: see refuse()"""
    refuse(look, look.undecided)


def refuse(look, found):
    """:raises Refusal: these files were changed by someone else since, with the differences."""
    journal = look.journal
    if not found:
        return
    known = dict((entry['path'], entry) for entry in journal.entries)
    raise Refusal('changed since the installation, so nothing was touched:\n'
                  + '\n'.join(_difference(journal, known[path]) for path in found), _hint(look, found))


def _hint(look, found):
    journal = look.journal
    forget = 'to leave the tree as it is, and forget the journal: sudo sh {0} --nova-parent {1} --forget'.format(
        way_back(journal), quoted(journal.parent))
    if FOREIGN in look.now.values():  # a file of this release among those of another would be worse than none
        return 'put one whole nova there (pip, git), then run this again; or, ' + forget
    return 'keep your change elsewhere and put the installed file back, e.g. cp -a {0} {1}; or, {2}'.format(
        quoted(journal.kept('after', found[0])), quoted(journal.target(found[0])), forget)


def _difference(journal, entry, limit=40):
    target = journal.target(entry['path'])
    if not os.path.exists(target):
        return '{0} is gone'.format(target)
    if not os.path.isfile(target):
        return '{0} is no regular file'.format(target)
    installed = files.read(journal.kept('after', entry['path'])) if entry['after'] else b''
    texts = [files.text_of(content).splitlines() for content in (installed, files.read(target))]
    lines = list(difflib.unified_diff(texts[0], texts[1], 'installed/' + entry['path'], target, lineterm=''))
    return '\n'.join(lines[:limit] + ['...'] * (len(lines) > limit))
