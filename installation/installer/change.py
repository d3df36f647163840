"""Brings the tree to one side of a journal: ``before`` or ``after``. Interrupted anywhere, it can be run again."""

import glob
import os

from installer import files, trust


def apply(journal, side, entries):
    """Give every path of the entries the content it has on that side.

    All new content is written beside its target first: a full disk is met while every file still has its old name.
    """
    todo = [entry for entry in entries if files.digest(journal.target(entry['path'])) != entry[side]]
    try:
        for entry in todo:
            _place(journal, side, entry)
    except EnvironmentError:
        sweep(journal, entries)
        raise
    for entry in todo:
        _switch(journal, side, entry)
    sweep(journal, entries)
    for entry in entries:
        _remove_stale_bytecode(journal, side, entry)


def _place(journal, side, entry):
    target = journal.target(entry['path'])
    files.discard(files.beside(target))
    if entry[side] is None:
        return
    above = os.path.dirname(target)
    files.make_folder(above, like=_nearest(above))
    journal.verify(side, entry)
    files.fault('place', target)
    files.place_beside(journal.kept(side, entry['path']), target)


def _switch(journal, side, entry):
    target = journal.target(entry['path'])
    if entry[side] is not None:
        files.rename(files.beside(target), target)
    elif os.path.lexists(target):
        files.remove(target)


def _nearest(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def sweep(journal, entries):
    """Remove what an interrupted run left beside its targets."""
    for entry in entries:
        files.discard(files.beside(journal.target(entry['path'])))


def bytecode_of(source):
    """:returns: the compiled forms of a module that exist: Python 2 beside it, Python 3 in __pycache__."""
    folder, name = os.path.split(source)
    if not name.endswith('.py'):
        return []
    found = [source + end for end in 'co' if os.path.exists(source + end)]
    cached = os.path.join(trust.glob_escape(folder), '__pycache__', trust.glob_escape(name[:-3]) + '.*.py[co]')
    return found + sorted(glob.glob(cached))


def source_of(bytecode):
    """The reverse of bytecode_of()."""
    folder, name = os.path.split(bytecode)
    if os.path.basename(folder) == '__pycache__':
        return os.path.join(os.path.dirname(folder), name.split('.')[0] + '.py')
    return bytecode[:-1]


def _remove_stale_bytecode(journal, side, entry):
    known = set(journal.target(other['path']) for other in journal.entries if other[side] is not None)
    for path in bytecode_of(journal.target(entry['path'])):
        if path not in known:
            files.remove(path)
            remove_if_empty(os.path.dirname(path))


def remove_if_empty(folder):
    """:returns: whether the folder is gone."""
    if os.path.isdir(folder) and not os.listdir(folder):
        files.remove_folder(folder)
    return not os.path.isdir(folder)


def remove_folders(journal, is_gone=False):
    """Remove the folders that the installation made, unless something else was put there.

    :param is_gone: nova is not there any more: its own empty folders would still be a package to Python 3.
    :returns: those of the installation's that stay.
    """
    made = sorted(journal.plan['folders'], key=len, reverse=True)
    stay = [folder for folder in made if not remove_if_empty(journal.target(folder))]
    nova = journal.target('nova')
    for folder, _, _ in os.walk(nova, topdown=False) if is_gone and not os.path.islink(nova) else []:
        remove_if_empty(folder)
    return stay


def restore_times(journal):
    for folder in journal.plan['stamps']:
        if os.path.isdir(journal.target(folder)):
            files.copy_times(journal.kept('before', folder), journal.target(folder))
