"""``install.sh``: looks at everything first, then puts the fork into a nova tree."""

import os
import shutil

from installer import checks, database, legacy, services, transaction
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
        legacy.complete(legacy.journal_of(options, nova.parent))
        resumed = transaction.complete(journal, options)
        if resumed:
            status = transaction.conclude(journal, options)
        if journal.state != INSTALLED or journal.plan['bundle'] != bundle.id:
            return fresh(bundle, nova, journal, options)
        return status if resumed else again(bundle, nova, journal, options)


def show(bundle, nova, journal, options):
    """Say what would be done; nothing is written."""
    if journal.state:
        say('the journal of this tree says: {0}'.format(journal.state))
    outcome, old = survey(bundle, nova, journal, options)
    if old:
        say(legacy.explain(old, bundle))
    for entry in plan_of(bundle, nova, outcome)['entries']:
        verb = 'add' if entry['before'] is None else 'remove' if entry['after'] is None else 'change'
        note = ' (differs from the release; takes the change)' if entry['path'] in outcome.merged else ''
        say('would {0:6} {1}{2}'.format(verb, journal.target(entry['path']), note))
    if options.db:
        say('would run nova-cascading db sync')
    for service in services.running(nova.parent) if options.db and options.restart else []:
        say('would restart {0} (process {1})'.format(service.name, service.pid))
    return 0


def again(bundle, nova, journal, options):
    transaction.refuse_strangers(journal, ['after'])
    say('already installed: {0}'.format(bundle.name))
    database.sync(nova, options)
    return 0


def survey(bundle, nova, journal, options):
    """Everything that can make the installation impossible is looked at here, before anything changes.

    :returns: (Outcome, Legacy or None)
    """
    checks.check_tree(nova, sorted(bundle.files))
    old = legacy.recognise(bundle, nova.parent)
    if old and not options.dry_run:
        legacy.refuse_unless_asked(old, bundle, options.adopt_2014)
        legacy.check_rest(bundle, nova.parent, old)
    if journal.state == INSTALLED:
        transaction.refuse_strangers(journal, ['after'])
    known_as = dict((path, bundle.before(path)) for path in old.files) if old else {}
    outcome = compare(bundle, nova.parent, lambda path: original_place(journal, path), known_as)
    size = sum(len(content) for content in outcome.after.values())
    # The journal keeps two contents of each file, twice when the 2014 patch is cleaned up; the tree has two at once.
    checks.check_room([(options.state_dir, 4 * size), (nova.parent, 2 * size)])
    if options.db and not options.dry_run:
        database.preflight(bundle, nova, options)
    return outcome, old


def original_place(journal, path):
    """Where the content is that an upgrade starts from: the journal keeps the originals of an installed tree."""
    if journal.state == INSTALLED:
        for entry in journal.entries:
            if entry['path'] == path:
                return journal.kept('before', path)
    return journal.target(path)


def fresh(bundle, nova, journal, options):
    outcome, old = survey(bundle, nova, journal, options)
    if journal.state == INSTALLED:
        say('replacing {0}'.format(journal.plan['name']))
        transaction.undo(journal)
    cleaned = legacy.journal_of(options, nova.parent)
    try:
        if old:
            legacy.clean(bundle, nova, cleaned, old)
        put(bundle, nova, journal, options, outcome, adopt=cleaned.state is not None)
    except (EnvironmentError, KeyboardInterrupt, Refusal) as error:
        say('stopped; undoing what was done')
        transaction.undo(journal)
        if old:
            transaction.undo(cleaned)
        raise Refusal('{0}\n  Every file is what it was before.'.format(error or 'interrupted'),
                      getattr(error, 'hint', '') or 'mend that, then run install.sh again')
    return transaction.conclude(journal, options)


def put(bundle, nova, journal, options, outcome, adopt):
    plan = dict(plan_of(bundle, nova, outcome), adopt=adopt)
    after = dict((entry['path'], script_of(nova)) for entry in plan['entries'] if entry['path'].startswith('/'))
    journal.prepare(plan, outcome.before, dict(outcome.after, **after))
    shutil.copytree(os.path.join(options.bundle, 'installation'), os.path.join(journal.folder, 'installation'))
    journal.mark(INSTALLING)
    transaction.forward(journal, options)
