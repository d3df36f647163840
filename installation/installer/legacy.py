"""Recognises a nova changed by the 2014 original (Tricircle's instance_mapping_uuid_patch), and cleans it up.

The original put whole files of 2014.1 (or Juno) over newer ones, and a migration of its own among nova's.
"""

import os
import re

from installer import change, files, look, transaction
from installer.journal import INSTALLED, INSTALLING, UNINSTALLING, Journal
from installer.plan import bytecode_entries, plan_with
from installer.say import Refusal, quoted, say

MIGRATIONS = 'nova/db/sqlalchemy/migrate_repo/versions'
MIGRATION = re.compile('[0-9]+_add_mapping_uuid_column_to_instance[.]py$')
MARK = b'mapping_uuid'
# sha256 of the original's files: two of them do not show the mark.
ORIGINALS = frozenset((
    '226687365eb5dda62848e8332540c601e6c0e1a54f3eebbd491b8668b13ce3e5',  # Icehouse: conductor/manager.py
    'c588891b8a809e3f63edce0bf56e369fc83746657f5005ef3c54e3c0b231f696',  # db/sqlalchemy/models.py
    '42c75300ee1eb4cc88c158f2914410e8531ba1b8835ffb0c27657af2418b0674',  # network/neutronv2/api.py
    'bd82a2e2dafefcfc2d31d5aab97e1c45212d8565cc5555793fed58471a00cbd1',  # objects/instance.py
    'd27765a9d9952d07e900f5895df93983a8009c8443fb02e32d2c4346967f1af1',  # Juno: conductor/manager.py
    '3286bfb5d1bdd0194ee93a5487dbaaeac2e1cb26a3b706e9e9ec11c585101a4e',  # db/sqlalchemy/models.py
    '8b5d98e3d066d372bba89957f62c79c872f9b0fd7b1210efe75410b641874f9c',  # network/neutronv2/api.py
    '65b647a06f3d66ce1f6ccbbd12fe4f513fe2a5b082b7d76cc46275c9f864ee37',  # objects/instance.py
    '61d85a0854ad3f43f0d2f05472ca57fd95973a9e6cc8f321bcb87b1382fc5090',  # migrate_repo's 234, and Juno's 255
))


class Legacy(object):
    """
    :ivar files: changed files that the bundle can put right.
    :ivar migrations: the original's migrations, which have no place in nova's own numbering.
    """

    def __init__(self, changed, migrations):
        self.files = changed
        self.migrations = migrations


def recognise(bundle, parent):
    """:returns: what the original left in this tree, or None."""
    if os.path.isdir(os.path.join(parent, 'nova/cascading')):
        return None
    changed = [path for path in sorted(bundle.files) if _is_original(bundle, parent, path)]
    folder = os.path.join(parent, MIGRATIONS)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    migrations = [MIGRATIONS + '/' + name for name in sorted(names) if MIGRATION.match(name)]
    return Legacy(changed, migrations) if changed or migrations else None


def _is_original(bundle, parent, path):
    place, known = os.path.join(parent, path), bundle.files[path]
    if known['before'] is None or not os.path.isfile(place) or files.digest(place) in known.values():
        return False
    return files.digest(place) in ORIGINALS or MARK in files.read(place)


def explain(legacy, bundle):
    """What was found and what would be done about it, for people."""
    lines = ['this nova was changed by the original mapping_uuid patch of 2014:']
    lines += ['    {0}: its whole file, newer fixes in it are lost'.format(path) for path in legacy.files]
    lines += ['    {0}: a migration among nova\'s own; it breaks db sync'.format(path) for path in legacy.migrations]
    lines += ['It can be cleaned up: those files become nova {0}\'s own again, the migration goes, what is there now'
              .format(bundle.version), 'is kept in the journal, and the database is adopted with its mappings.']
    return '\n'.join(lines)


def refuse_unless_asked(legacy, bundle, adopt):
    if not adopt:
        raise Refusal(explain(legacy, bundle), 'sudo sh ./install.sh --adopt-2014')


def check_rest(bundle, parent, legacy):
    """The rest of the tree must be the release, or its own files would not be the right ones to put back.

    :raises Refusal: it is not, with the files that differ.
    """
    places = [(path, os.path.join(parent, path)) for path in sorted(bundle.tree)]
    other = [path for path, place in places if os.path.exists(place) and files.digest(place) != bundle.tree[path]]
    if other:
        shown = '\n    '.join(other[:10] + ['... {0} in all'.format(len(other))] * (len(other) > 10))
        raise Refusal('nothing was cleaned up: besides the files of the 2014 patch, this tree differs from nova {0} '
                      'in\n    {1}'.format(bundle.version, shown),
                      'put nova {0}\'s own files back there, or build an installer from the nova that this tree was '
                      'made from: ./build.sh installer SOURCE (this one: {1})'.format(bundle.version, quoted(parent)))


def journal_of(options, parent):
    """The journal that keeps the files of the 2014 patch; it stays, so that nothing of the host is lost."""
    return Journal(options.state_dir, parent, '-2014')


def clean(bundle, nova, journal, old):
    """Put the release's own files back where the 2014 patch put its own; those stay in a journal of their own."""
    entries = [{'path': path, 'before': files.digest(os.path.join(nova.parent, path)), 'kind': 'code',
                'after': bundle.files[path]['before']} for path in old.files]
    entries += [{'path': path, 'before': files.digest(os.path.join(nova.parent, path)), 'kind': 'code',
                 'after': None} for path in old.migrations]
    plan = plan_with(bundle, nova, entries + bytecode_entries(nova, entries))
    journal.prepare(plan, {}, dict((path, bundle.before(path)) for path in old.files))
    journal.mark(INSTALLING)
    complete(journal)


def complete(journal):
    """Bring a clean-up to its end, or an interrupted way back from it."""
    if journal.state not in (None, INSTALLED):
        transaction.refuse(look.Look(journal), look.Look(journal).strangers)
    if journal.state == UNINSTALLING:
        transaction.undo(journal)
    elif journal.state == INSTALLING:
        change.apply(journal, 'after', journal.entries)
        journal.mark(INSTALLED)
        say('cleaned up: the files of the 2014 patch are kept in {0}'.format(os.path.join(journal.folder, 'before')))
