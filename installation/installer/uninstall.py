"""``uninstall.sh``: gives a tree back every byte and attribute it had."""

import os
import re
import time

from installer import change, files, legacy, transaction
from installer.journal import INSTALLED, Journal, Lock, plan_in
from installer.look import Look, is_away
from installer.say import Refusal, quoted, say

JOURNAL = re.compile('-[0-9a-f]{8}(-2014|-previous)?$')


def uninstall(options):
    """
    :param options: what the command line said; ``here`` is the folder above ``installation/``.
    :returns: exit status.
    """
    options.nova_parent = meant(options)
    if options.forget and not options.yes:
        return forget(options, parents_of(options))
    with Lock(options.state_dir):
        tidy(options)
        parents = parents_of(options)
        if len(parents) > 1:
            raise Refusal('more than one nova has the fork: {0}'.format(', '.join(parents)),
                          'say which one: --nova-parent {0}'.format(quoted(parents[0])))
        if options.forget:
            return forget(options, parents)
        for parent in parents:
            return take_out(Journal(options.state_dir, parent), options)
        say('nothing is installed here: {0} has no journal{1}'.format(
            options.state_dir, ' of ' + options.nova_parent if options.nova_parent else ''))
        return 0


def tidy(options):
    """Remove journals that were cut off before the tree was touched or after it was given back, and close those whose
    tree is gone; those of trees whose file system is not mounted now stay."""
    root = options.state_dir
    for name in sorted(os.listdir(root)):
        folder = os.path.join(root, name)
        if JOURNAL.search(name) and os.path.isdir(folder) and not os.path.exists(os.path.join(folder, 'state')):
            files.remove_tree(folder)
    for folder, parent in begun(root)[0]:
        journal = Journal(root, parent)
        if journal.folder == folder and Look(journal).is_gone and not is_away(journal):
            if options.drop_column and options.nova_parent in (None, parent):
                raise Refusal('{0} is gone, and only its nova could drop the column'.format(journal.target('nova')),
                              'the same command without --drop-column; the mappings stay in the database')
            transaction.close(journal, Look(journal))


def begun(root):
    """:returns: ([(folder, parent directory of its tree)] of all journals, why others of trees cannot be read)."""
    found, unread = [], []
    for name in sorted(os.listdir(root)) if os.path.isdir(root) else []:
        folder = os.path.join(root, name)
        try:
            if os.path.exists(os.path.join(folder, 'state')):
                found.append((folder, plan_in(folder)['parent']))
        except Refusal as error:
            unread += [] if JOURNAL.search(name).group(1) else [error]
    return found, unread


def meant(options):
    """:returns: the tree that is named, or whose copy of this program runs; None when that is open."""
    if options.nova_parent:
        return os.path.realpath(options.nova_parent)
    is_copy = os.path.exists(os.path.join(options.here, 'plan.json'))
    return plan_in(options.here)['parent'] if is_copy else None


def parents_of(options):
    """:returns: the parent directories of all trees that have a journal, or of the one that is meant.
    :raises Refusal: a journal that cannot be read may be of the one that is meant."""
    if options.nova_parent is None:
        found, unread = begun(options.state_dir)
        for error in unread:
            raise error
        return [parent for parent in sorted(set(parent for _, parent in found)) if is_open(options, parent)]
    return [options.nova_parent] if is_open(options, options.nova_parent) else []


def is_open(options, parent):
    """A cleaned-up tree keeps the journal of its clean-up for good; that is no installation."""
    cleaned = legacy.journal_of(options, parent).state
    return bool(Journal(options.state_dir, parent).state) or cleaned not in (None, INSTALLED)


def take_out(journal, options):
    worked = True
    if journal.state:
        worked = _take_out(journal, Look(journal), options)
    cleaned = legacy.journal_of(options, journal.parent)
    if cleaned.state not in (None, INSTALLED):
        transaction.undo(cleaned)
        say('the clean-up of the 2014 patch was interrupted; its files are back')
    if not options.drop_column:
        say('The database keeps its mappings: stock nova does not mind the column.')
    return 0 if worked else 1


def _take_out(journal, look, options):
    """:returns: whether all went well."""
    name = journal.plan['name']
    if look.is_gone:
        raise Refusal('{0} is not there, and neither is the file system it was on ({1})'.format(
            journal.target('nova'), journal.plan['mount']),
            'mount it, then run this again; if it is gone for good: --nova-parent {0} --forget'.format(
                quoted(journal.parent)))
    if look.is_pips:
        if options.drop_column:
            raise Refusal(look.summary() + ': its own command drops the column',
                          'nova-cascading db rollback --drop-column; then the same command without --drop-column')
        say('{0}, and looks after its files; only the journal is closed'.format(look.summary()))
        journal.forget()
        return True
    transaction.refuse_undecided(look)
    for entry in look.ours():
        if entry['before'] is not None:
            journal.verify('before', entry)
    if not look.is_all_ours:
        say('{0}: that stays as it is'.format(look.summary()))
    worked, unlike = transaction.backward(journal, look, options)
    if unlike:
        say('uninstalled: {0}; but these files are NOT what they were before: {1}'.format(name, ', '.join(unlike)))
    elif look.is_all_ours:
        say('uninstalled: {0}; every file is what it was before'.format(name))
    else:
        say('uninstalled: {0}; nothing of the fork is left'.format(name))
    return worked and not unlike


# --- what nobody else can decide -------------------------------------------------------------------------------------

def forget(options, parents):
    """Show what would be forgotten; with --yes, put the journal aside, and leave the tree as it is."""
    if len(parents) != 1:
        raise Refusal('say which journal to forget: {0}'.format(', '.join(parents) or 'there is none'),
                      '--forget --nova-parent {0}'.format(quoted((parents + ['DIR'])[0])))
    journal = Journal(options.state_dir, parents[0])
    journal = journal if journal.state else legacy.journal_of(options, parents[0])
    entries = what_is_what(journal)
    if not options.yes:
        say('Nothing was changed. With --forget --yes the journal is put aside; each of these files stays as it is.')
        return 0
    aside = journal.folder + time.strftime('.forgotten-%Y%m%d-%H%M%S')
    change.sweep(journal, entries)
    files.rename(journal.folder, aside)
    os.rename(os.path.join(aside, 'state'), os.path.join(aside, 'forgotten'))
    say('forgotten; both contents of every file are kept in {0}'.format(aside))
    return 0


def what_is_what(journal):
    """Say what each file is now.

    :returns: the journal's entries; none when it cannot be read.
    """
    try:
        look = Look(journal)
    except Refusal as error:
        say(error.what)
        return []
    say('{0}, {1}'.format(journal.folder, journal.state))
    for path in sorted(look.now):
        say('  {0:8} {1}'.format(look.now[path], journal.target(path)))
    say('back: as before nova-cascading; ours: its own; edited: its own, changed since; foreign: of another nova, '
        'or gone with it')
    return look.entries
