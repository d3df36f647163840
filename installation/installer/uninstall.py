"""``uninstall.sh``: gives a tree back every byte and attribute it had."""

import os
import re

from installer import files, legacy, transaction
from installer.journal import INSTALLED, Journal, Lock, load
from installer.say import Refusal, quoted, say

JOURNAL = re.compile('-[0-9a-f]{8}(-2014)?$')


def uninstall(options):
    """
    :param options: what the command line said; ``here`` is the folder above ``installation/``.
    :returns: exit status.
    """
    with Lock(options.state_dir):
        sweep(options.state_dir)
        parents = parents_of(options)
        if len(parents) > 1:
            raise Refusal('more than one nova has the fork: {0}'.format(', '.join(parents)),
                          'say which one: --nova-parent {0}'.format(quoted(parents[0])))
        for parent in parents:
            return take_out(Journal(options.state_dir, parent), options)
        say('nothing is installed here: {0} has no journal{1}'.format(
            options.state_dir, ' of ' + options.nova_parent if options.nova_parent else ''))
        return 0


def sweep(state_dir):
    """Remove journals that were cut off before the tree was touched, or after it was given back."""
    for name in sorted(os.listdir(state_dir)):
        folder = os.path.join(state_dir, name)
        if JOURNAL.search(name) and os.path.isdir(folder) and not os.path.exists(os.path.join(folder, 'state')):
            files.remove_tree(folder)


def parents_of(options):
    """:returns: the parent directories of all trees that have a journal, or of the one that is meant."""
    if options.nova_parent:
        wanted = os.path.realpath(options.nova_parent)
    elif os.path.exists(os.path.join(options.here, 'plan.json')):
        wanted = load(os.path.join(options.here, 'plan.json'))['parent']
    else:
        wanted = None
    found = set()
    for name in sorted(os.listdir(options.state_dir)):
        if os.path.exists(os.path.join(options.state_dir, name, 'state')):
            found.add(load(os.path.join(options.state_dir, name, 'plan.json'))['parent'])
    return [parent for parent in sorted(found) if wanted in (None, parent) and is_open(options, parent)]


def is_open(options, parent):
    """A cleaned-up tree keeps the journal of its clean-up for good; that is no installation."""
    return bool(Journal(options.state_dir, parent).state) or legacy.journal_of(options, parent).state != INSTALLED


def take_out(journal, options):
    worked = True
    if journal.state:
        sides = ['after'] if journal.state == INSTALLED else ['before', 'after']
        transaction.refuse_strangers(journal, sides)
        for entry in journal.entries:
            if entry['before'] is not None:
                journal.verify('before', entry)
        name = journal.plan['name']
        worked = transaction.backward(journal, options)
        say('uninstalled: {0}; every file is what it was before'.format(name))
    cleaned = legacy.journal_of(options, journal.parent)
    if cleaned.state not in (None, INSTALLED):
        transaction.undo(cleaned)
        say('the clean-up of the 2014 patch was interrupted; its files are back')
    if not options.drop_column:
        say('The database keeps its mappings: stock nova does not mind the column.')
    return 0 if worked else 1
