"""``install.sh``: looks at everything first, then puts the fork into a nova tree."""

import os
import shutil

from installer import checks, database, legacy, look, services, transaction, uninstall
from installer.bundle import Bundle
from installer.compare import compare
from installer.journal import INSTALLED, INSTALLING, Journal, Lock
from installer.plan import plan_of, script_of
from installer.say import Refusal, say


def install(options, nova):
    """
    :param options: what the command line said.
    :param nova: the tree to change, and its interpreter.
    :returns: exit status.
    """
    bundle = Bundle(options.bundle)
    say('nova: {0} (run by {1})'.format(os.path.join(nova.parent, 'nova'), nova.python or 'no Python known'))
    journal = Journal(options.state_dir, nova.parent)
    if options.dry_run:
        return show(bundle, nova, journal, options)
    with Lock(options.state_dir):
        uninstall.tidy(options)
        refuse_pips(nova, journal)
        legacy.complete(legacy.journal_of(options, nova.parent))
        resumed = transaction.complete(journal, options)
        if resumed:
            status = transaction.conclude(journal, options)
        if journal.state != INSTALLED or journal.plan['bundle'] != bundle.id or look.Look(journal).is_other:
            return fresh(bundle, nova, journal, options)
        return status if resumed else again(bundle, nova, journal, options)


def refuse_pips(nova, journal):
    """:raises Refusal: what pip has installed here is the fork itself."""
    if look.pip_has_fork(nova.parent):
        more = '; uninstall.sh closes the old journal' if journal.state else ''
        raise Refusal('{0} is nova-cascading already: pip has installed the fork itself there'.format(
            os.path.join(nova.parent, 'nova')),
            'nova-cascading db sync   (it needs no installer; pip looks after its files{0})'.format(more))


def show(bundle, nova, journal, options):
    """Say what would be done; nothing is written."""
    if journal.state:
        say('the journal of this tree says: {0}'.format(journal.state))
    refuse_pips(nova, journal)
    if journal.state == INSTALLED and journal.plan['bundle'] == bundle.id:
        found = look.Look(journal)
        transaction.refuse_undecided(found)
        if found.is_all_ours and not found.paths(look.BACK):
            say('already installed: {0}'.format(bundle.name))
            return 0
    outcome, old = survey(bundle, nova, journal, options)
    if old:
        say(legacy.explain(old, bundle))
    entries = plan_of(bundle, nova, outcome)['entries']
    entries += going(journal, entries)
    for entry in entries:
        verb = 'add' if entry['before'] is None else 'remove' if entry['after'] is None else 'change'
        note = ' (differs from the release; takes the change)' if entry['path'] in outcome.merged else ''
        say('would {0:6} {1}{2}'.format(verb, journal.target(entry['path']), note))
    if options.db:
        say('would run nova-cascading db sync')
    for service in services.running(nova) if options.db and options.restart else []:
        say('would {0} {1} (process {2})'.format('restart' if service.restart else 'name', service.name, service.pid))
    return 0


def going(journal, entries):
    """:returns: entries of an earlier bundle's own files that this one lacks."""
    known, kept = set(entry['path'] for entry in entries), look.Look(journal).ours() if journal.state else []
    return [dict(entry, before=entry['after'], after=None) for entry in kept
            if entry['before'] is None and entry['path'] not in known]


def again(bundle, nova, journal, options):
    """The same bundle once more: what somebody has put back is changed anew, and who still runs old code restarted."""
    found = look.Look(journal)
    transaction.refuse_undecided(found)
    if found.paths(look.BACK):
        say('{0}; putting the fork in again'.format(found.summary()))
        checks.check_tree(nova, [entry['path'] for entry in journal.entries])
        journal.mark(INSTALLING)
        transaction.guarded(lambda: transaction.forward(journal, options), [lambda: transaction.undo(journal)])
        return transaction.conclude(journal, options)
    say('already installed: {0}'.format(bundle.name))
    database.sync(nova, options)
    return 0 if transaction.restart(journal, options, options.db, journal.changed) else 1


def survey(bundle, nova, journal, options):
    """Everything that can make the installation impossible is looked at here, before anything changes.

    :returns: (Outcome, Legacy or None)
    """
    found = look.Look(journal) if journal.state else None
    if found:
        transaction.refuse_undecided(found)
    left = [] if not found else [entry['path'] for entry in found.ours() if entry['before'] is None]
    checks.check_tree(nova, sorted(bundle.files))
    old = None if found else legacy.recognise(bundle, nova.parent)
    if old and not options.dry_run:
        legacy.refuse_unless_asked(old, bundle, options.adopt_2014)
        legacy.check_rest(bundle, nova.parent, old)
    known_as = dict((path, bundle.before(path)) for path in old.files) if old else {}
    outcome = compare(bundle, nova.parent, lambda path: original_place(journal, found, path), known_as, left)
    size = sum(len(content) for content in outcome.after.values())
    # The journal keeps two contents of each file, twice when the 2014 patch is cleaned up; the tree has two at once.
    checks.check_room([(options.state_dir, 4 * size), (nova.parent, 2 * size)])
    if options.db and not old_to_show(old, options):
        database.preflight(bundle, nova, options)
    return outcome, old


def old_to_show(old, options):
    """A database of the 2014 original is asked only once that is to be cleaned up."""
    return old and options.dry_run


def original_place(journal, found, path):
    """Where the content is that an installation starts from: the journal keeps the originals of an installed tree."""
    for entry in journal.entries if found and not found.is_other else []:
        if entry['path'] == path:
            return journal.kept('before', path)
    return journal.target(path)


def fresh(bundle, nova, journal, options):
    outcome, old = survey(bundle, nova, journal, options)
    cleaned, ways_back = legacy.journal_of(options, nova.parent), []

    def work():
        make_room(journal, ways_back)
        if old:
            ways_back.append(lambda: transaction.undo(cleaned))
            legacy.clean(bundle, nova, cleaned, old)
        put(bundle, nova, journal, options, outcome, cleaned)

    transaction.guarded(work, ways_back)
    return transaction.conclude(journal, options)


def make_room(journal, ways_back):
    """Take out what an earlier bundle has left.

    :param ways_back: gets the way back from here and from the installation that follows, see guarded().
    """
    found = look.Look(journal) if journal.state else None
    bring_back = journal.set_aside() if found and not found.is_other else None
    ways_back.append(lambda: transaction.undo(journal))
    if bring_back:
        say('replacing {0}'.format(journal.plan['name']))
        ways_back.append(lambda: transaction.reinstall(journal, bring_back))
        transaction.undo(journal)
    elif found:
        transaction.close(journal, found)


def put(bundle, nova, journal, options, outcome, cleaned):
    plan = dict(plan_of(bundle, nova, outcome), adopt=cleaned.state is not None)
    after = dict((entry['path'], script_of(nova)) for entry in plan['entries'] if entry['path'].startswith('/'))
    journal.prepare(plan, outcome.before, dict(outcome.after, **after))
    shutil.copytree(os.path.join(options.bundle, 'installation'), os.path.join(journal.folder, 'installation'))
    journal.mark(INSTALLING)
    transaction.forward(journal, options)
