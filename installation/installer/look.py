"""What others have done to a tree since its journal was written: pip, git, deployment tools, people."""

import os
import re

from installer import change, checks, files

# What each file is now.
BACK, OURS, EDITED, FOREIGN = 'back', 'ours', 'edited', 'foreign'
COARSE = 2  # seconds; some file systems keep no finer times
SHORT = 12  # characters; a shorter line may stand in any file
RECORDS, SUMMARIES = ('RECORD', 'installed-files.txt'), ('METADATA', 'PKG-INFO')
# As builder/package/sdist/metadata.py writes it.
FORKED = re.compile('(?m)^Summary: .*; forked by nova-cascading ')
METADATA = re.compile(r'nova-[0-9].*[.](dist|egg)-info$|nova[.]egg-info$')


class Look(object):
    """
    :ivar now: path -> what it is: BACK (the content of before), OURS (that of the fork), EDITED (ours, and changed by
        somebody), FOREIGN (neither: of another release, or gone with one).
    :ivar is_gone: there is no nova any more.
    :ivar is_pips: pip has installed the fork itself here since.
    """

    def __init__(self, journal):
        self.journal = journal
        self.entries = journal.entries
        self.now = dict((entry['path'], self._of(entry)) for entry in self.entries if entry['kind'] == 'code')
        self.mine = set(entry['path'] for entry in self.entries if self.now.get(entry['path']) == OURS
                        or self.now.get(entry['path']) == BACK and self._is_by_us(entry))
        self.is_gone = not os.path.isfile(journal.target('nova/__init__.py'))
        self.is_pips = not self.is_gone and pip_has_fork(journal.parent)

    def _of(self, entry):
        found = files.digest(self.journal.target(entry['path']))
        if found == entry['before']:
            return BACK
        if found == entry['after']:
            return OURS
        if entry['before'] is None:
            return EDITED
        return EDITED if found and self._has_our_lines(entry) else FOREIGN

    def _has_our_lines(self, entry):
        """Whether most of the lines that the fork added are in a file, so that it is not another release's."""
        before, after = [files.read(self.journal.kept(side, entry['path'])).split(b'\n') if entry[side] else []
                         for side in ('before', 'after')]
        added = set(line.strip() for line in after) - set(line.strip() for line in before)
        added = set(line for line in added if len(line) >= SHORT)
        found = set(line.strip() for line in files.read(self.journal.target(entry['path'])).split(b'\n'))
        return len(added & found) * 2 > len(added)

    def paths(self, *kinds):
        return sorted(path for path, kind in self.now.items() if kind in kinds)

    @property
    def strangers(self):
        """The paths that are neither what they were nor what we made of them."""
        return self.paths(EDITED, FOREIGN)

    @property
    def changed(self):
        """path -> what it is, of the release's own files (not those that the fork added)."""
        own = set(entry['path'] for entry in self.entries if entry['before'] is not None)
        return dict((path, kind) for path, kind in self.now.items() if path in own)

    @property
    def is_other(self):
        """Another release stands here, with nothing of the fork in its files."""
        kinds = set(self.changed.values())
        return FOREIGN in kinds and not kinds & set([OURS, EDITED])

    @property
    def undecided(self):
        """The paths that nobody but a person can decide about; none: all can be taken to either side, or left."""
        if self.is_gone or self.is_pips or self.is_other:
            return []
        return self.strangers

    def ours(self):
        """:returns: the entries to take back: files with the fork's content, or that an interrupted run has taken back,
        and the byte code of both. What somebody else has put there has another time, and byte code of its own."""
        return [entry for entry in self.entries if entry['path'] in self.mine
                or entry['kind'] == 'bytecode' and change.source_of(entry['path']) in self.mine]

    def _is_by_us(self, entry):
        times = [os.stat(place).st_mtime for place in (
            self.journal.target(entry['path']), self.journal.kept('before', entry['path']))
            ] if entry['before'] is not None else []
        return not times or abs(times[0] - times[1]) < COARSE

    @property
    def is_all_ours(self):
        """Whether nobody but us has touched what the journal is about."""
        return self.mine >= set(self.now)

    def summary(self):
        """What happened, in words."""
        if self.is_gone:
            return 'the nova of {0} is gone'.format(self.journal.parent)
        if self.is_pips:
            return 'pip has installed nova-cascading itself in {0} since'.format(self.journal.parent)
        if self.is_other:
            return '{0} holds another nova now ({1})'.format(
                self.journal.parent, ', '.join(releases(self.journal.parent)) or 'of a release that it does not tell')
        return '{0} of {1} files were put back by somebody since'.format(len(self.paths(BACK)), len(self.now))


def is_away(journal):
    """Whether a tree is gone with its file system, so that it may come back."""
    mount = journal.plan.get('mount', '/')
    return checks.mount_of(mount) != mount


def releases(parent):
    """:returns: the versions that pip's or setuptools' records of nova name, usually one."""
    found = []
    for name in _metadata(parent):
        for form in ('METADATA', 'PKG-INFO', ''):
            found += re.findall(r'(?m)^Version: *(\S+)', _text(os.path.join(parent, name, form).rstrip('/')))[:1]
    return sorted(set(found))


def _metadata(parent):
    return sorted(name for name in os.listdir(parent) if METADATA.match(name)) if os.path.isdir(parent) else []


def pip_has_fork(parent):
    """Whether nova as pip has installed it here is the fork (its wheel, sdist or git branch): it is in the list of what
    was installed, or the summary says so; a list of sources may have been made from a tree with our files in it."""
    for name in _metadata(parent):
        texts = dict((form, _text(os.path.join(parent, name, form))) for form in RECORDS + SUMMARIES)
        if any(re.search(r'(?m)^(\.\./)?nova/cascading/__init__\.py\b', texts[form]) for form in RECORDS):
            return True
        is_there = os.path.isfile(os.path.join(parent, 'nova', 'cascading', '__init__.py'))
        if is_there and any(FORKED.search(texts[form]) for form in SUMMARIES):
            return True
    return False


def _text(path):
    return files.text_of(files.read(path)) if os.path.isfile(path) else ''
