"""Works out what an installation changes: the entries of a journal's plan."""

import os

from installer import change, checks, files, programs
from installer.journal import FORMAT
from installer.say import quoted

SCRIPT = (b"#!/bin/sh\n'''exec' ", b""" "$0" "$@"
' '''
import sys
from nova.cascading.cli import main
sys.exit(main())
""")


def plan_of(bundle, nova, outcome):
    entries = []
    for path in sorted(outcome.after):
        known = bundle.files[path]
        before = known['before'] if path in outcome.before else files.digest(os.path.join(nova.parent, path))
        entry = {'path': path, 'before': before, 'after': files.sha256(outcome.after[path]), 'kind': 'code'}
        if known['before'] is None:
            entry.update(before=None, like='nova/__init__.py')
        entries.append(entry)
    entries += script_entries(nova) + bytecode_entries(nova, entries)
    return plan_with(bundle, nova, entries)


def plan_with(bundle, nova, entries):
    folders = set(folder for entry in entries for folder in above(entry['path']))
    added = set(os.path.join(nova.parent, entry['path']) for entry in entries if entry['before'] is None)
    stay = set(folder for folder in folders if _stays(os.path.join(nova.parent, folder), added))
    return {'format': FORMAT, 'mount': checks.mount_of(nova.parent), 'bundle': bundle.id,
            'name': bundle.name, 'parent': nova.parent, 'python': nova.python,
            'entries': entries, 'folders': sorted(folders - stay), 'stamps': sorted(stay)}


def _stays(folder, added):
    """Whether a folder is there without the fork: in the copy of a forked tree, it may hold nothing but that."""
    held = (os.path.join(top, name) for top, _, names in os.walk(folder) for name in names)
    own = (path in added or path[-4:-1] == '.py' and change.source_of(path) in added for path in held)
    return os.path.isdir(folder) and not (next(own, False) and all(own))  # ends at the first of nova's own


def above(path):
    """The folders of a path, up to nova/ itself, or only its own folder when it is absolute."""
    if path.startswith('/'):
        return [os.path.dirname(path)]
    parts = path.split('/')[:-1]
    return ['/'.join(parts[:count]) for count in range(1, len(parts) + 1)]


def bytecode_entries(nova, entries):
    """Of files that are there without the fork: that of the others goes with them, and does not come back."""
    found = []
    for entry in [entry for entry in entries if entry['before'] is not None]:
        place = os.path.join(nova.parent, entry['path'])
        for path in change.bytecode_of(place):
            found.append({'path': os.path.relpath(path, nova.parent), 'before': files.digest(path), 'after': None,
                          'kind': 'bytecode'})
    return found


def script_entries(nova):
    """``nova-cascading`` goes beside ``nova-manage``, unless the name is taken; one of ours came with a copied tree."""
    like = manage_of(nova)
    path = os.path.join(os.path.dirname(like or ''), 'nova-cascading')
    if not like or os.path.islink(like) or os.path.lexists(path) and not is_ours(path):
        return []
    return [{'path': path, 'before': None, 'after': files.sha256(script_of(nova)), 'kind': 'code', 'like': like}]


def manage_of(nova):
    """:returns: the nova-manage of that interpreter: beside it, or on PATH; None without one."""
    if not nova.python:
        return None
    beside = os.path.join(os.path.dirname(nova.python), 'nova-manage')
    if os.path.isfile(beside):
        return beside
    found = programs.which('nova-manage')
    return found if found and programs.shebang(found) == nova.python else None


def script_of(nova):
    """A polyglot start, as pip writes it: the interpreter's path may hold spaces."""
    return files.as_bytes(quoted(nova.python)).join(SCRIPT)


def is_ours(path):
    """Whether a file is such a script, of whichever interpreter; pip's own fork has been refused before."""
    found = files.read(path) if os.path.isfile(path) and not os.path.islink(path) else b''
    return found.startswith(SCRIPT[0]) and found.endswith(SCRIPT[1])
