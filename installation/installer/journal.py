"""The write-ahead journal: one folder for each nova tree, complete and on disk before the tree is touched.

::

    /var/lib/nova-cascading/installer/
        lock                      held while an installer or uninstaller runs
        opt-stack-nova-1f2e3d4c/  one tree
            changed               when the last file had changed
            state                 installing | installed | uninstalling
            plan.json             every path with its sha256 before and after
            before/ after/        both contents of every path, with owner, mode, times and attributes
            installation/         a copy of the uninstaller

No ``state``: the tree was not touched yet, and the folder may go. With one, whatever it says, every file of the tree
has the content either of ``before`` or of ``after`` (each changes by rename), so whoever comes next can bring them all
to either side.
"""

import fcntl
import json
import os
import re
import sys

from installer import checks, files, processes, trust
from installer.say import Refusal, quoted, refuse_others

ROOT = '/var/lib/nova-cascading/installer'
FORMAT = 2  # of plan.json
INSTALLING, INSTALLED, UNINSTALLING = STATES = 'installing', 'installed', 'uninstalling'
PREVIOUS = '-previous'  # ends the name of the copy that is kept while another bundle is installed


def native(value):
    """JSON has text; paths are bytes on Python 2, and depend on the locale on Python 3."""
    if isinstance(value, dict):
        return dict((native(key), native(item)) for key, item in value.items())
    if isinstance(value, list):
        return [native(item) for item in value]
    if isinstance(value, (bool, int, float, type(None))) or sys.version_info[0] == 2 and isinstance(value, str):
        return value
    return files.as_path(value.encode('utf-8'))


def portable(value):
    """The reverse: text that every Python and locale writes in the same way."""
    if isinstance(value, dict):
        return dict((portable(key), portable(item)) for key, item in value.items())
    if isinstance(value, list):
        return [portable(item) for item in value]
    return files.as_bytes(value).decode('utf-8') if isinstance(value, (bytes, type(''))) else value


def load(path):
    return native(json.loads(files.read(path).decode('utf-8')))


def plan_in(folder, parent='DIR'):
    """
    :param folder: of a journal.
    :param parent: the directory that holds its nova/, where that is known.
    :raises Refusal: what says where everything belongs is damaged, or of another version.
    """
    place, script = os.path.join(folder, 'plan.json'), os.path.join(folder, 'installation', 'uninstall.sh')
    try:
        plan = load(place)
        if plan['format'] == FORMAT:
            return plan
    except (EnvironmentError, ValueError, KeyError, TypeError) as error:
        usable = quoted(script) if os.path.exists(place) else './uninstall.sh'  # which that copy knows itself by
        raise Refusal('the journal {0} cannot be read: {1}: {2}; what each file was still lies in {3}'.format(
            folder, place, error, os.path.join(folder, 'before')),
            'bring {0} back from a backup of this host; or, to leave the tree as it is, and put the journal aside: '
            'sudo sh {1} --nova-parent {2} --forget'.format(quoted(place), usable, quoted(parent)))
    raise Refusal('the journal {0} was written by another version of the installer (format {1})'.format(
        folder, plan['format']), 'go back with the copy that knows it, then run this again: sudo sh {0}'.format(
            quoted(script)))


def make_root(root):
    """Make the folder of all journals, where nobody else could lead what we write elsewhere.

    :raises Refusal: somebody could; nothing was made then.
    """
    for folder in (checks.existing(root), root):
        files.make_folder(folder)
        refuse_others(folder, trust.weakness(folder, trust.ourselves()),
                      'sudo chown root, chmod go-w, or give another --state-dir')
    refuse_planted(root)


def refuse_planted(root):
    """Journals say what is run and written as root: in a folder that many may write (a tmpfs), look at each.

    :raises Refusal: one is somebody else's.
    """
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        refuse_others(path, trust.weakness(path, trust.ourselves()), 'look what it is; then rm -r {0}'.format(
            quoted(path)))


class Lock(object):
    """Only one installer or uninstaller at a time; the kernel lets go when the holder dies."""

    def __init__(self, root):
        self.path = os.path.join(root, 'lock')

    def __enter__(self):
        try:
            make_root(os.path.dirname(self.path))
            self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except EnvironmentError as error:
            raise Refusal('the journal cannot be written: {0}'.format(error),
                          'run it with sudo, on a file system that is not read-only (or give --state-dir DIR)')
        # A service restarted from here must not inherit the lock.
        fcntl.fcntl(self.handle, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except EnvironmentError:
            os.close(self.handle)
            raise Refusal('another installer or uninstaller is running on this host', 'wait for it, then try again')

    def __exit__(self, *_):
        os.close(self.handle)


class Journal(object):
    """What is, or will be, changed in one tree.

    :param root: folder of all journals.
    :param parent: the directory that holds ``nova/``, without symbolic links.
    :param suffix: distinguishes a second journal about the same tree.
    """

    def __init__(self, root, parent, suffix=''):
        slug = re.sub('[^A-Za-z0-9._]+', '-', parent).strip('-')[-60:]
        self.folder = os.path.join(root, '{0}-{1}{2}'.format(slug, files.sha256(files.as_bytes(parent))[:8], suffix))
        self.parent = parent
        self.unknown = INSTALLED if suffix else INSTALLING  # to undo a clean-up would bring the patch of 2014 back

    @property
    def state(self):
        """What is no word of ours, as after a power cut, counts as an interrupted run: install.sh completes that, and
        uninstall.sh undoes it, by what each file is."""
        path = os.path.join(self.folder, 'state')
        if not os.path.exists(path):
            return None
        word = files.text_of(files.read(path)).strip()
        return word if word in STATES else self.unknown

    def mark(self, state):
        files.write(os.path.join(self.folder, 'state'), (state + '\n').encode('ascii'))

    def note_change(self):
        """Who runs now has, or may have, code of before."""
        files.write(os.path.join(self.folder, 'changed'), json.dumps(processes.now()).encode('ascii'))

    @property
    def changed(self):
        """When that was, see processes.now(); None when nobody can tell."""
        try:
            return json.loads(files.read(os.path.join(self.folder, 'changed')).decode('ascii'))
        except (EnvironmentError, ValueError):
            return None

    @property
    def plan(self):
        return plan_in(self.folder, self.parent)

    @property
    def entries(self):
        return self.plan['entries']

    def target(self, path):
        """:param path: as in the plan: relative to the parent of nova/, or absolute."""
        return os.path.join(self.parent, path)

    def kept(self, side, path):
        return os.path.join(self.folder, side, path.lstrip('/'))

    def prepare(self, plan, before, after):
        """Put everything on disk that either direction needs; the tree itself is not touched.

        :param plan: see ``plan.json``; its entries carry ``like``: whose owner, mode and attributes a new file takes.
        :param before: path -> content that counts as the original, where that is not what the tree has.
        :param after: path -> content.
        """
        self.forget()
        for entry in plan['entries']:
            path, reference = entry['path'], self.target(entry.get('like') or entry['path'])
            for side, contents in (('before', before), ('after', after)):
                if entry[side] is not None:
                    self._keep(side, path, reference, contents.get(path))
                    self.verify(side, entry)
        for folder in plan['stamps']:
            files.make_folder(self.kept('before', folder))
        for folder in plan['stamps']:  # one that is made changes the time of the one above
            files.copy_times(self.target(folder), self.kept('before', folder))
        files.write(os.path.join(self.folder, 'plan.json'),
                    json.dumps(portable(plan), indent=1, sort_keys=True).encode('utf-8'))

    def _keep(self, side, path, reference, content):
        kept = self.kept(side, path)
        files.make_folder(os.path.dirname(kept))
        if content is None:
            files.copy(reference, kept)
        else:
            files.write(kept, content, like=reference)

    def verify(self, side, entry):
        """:raises Refusal: what the journal keeps is not what the plan says."""
        kept = self.kept(side, entry['path'])
        if files.digest(kept) != entry[side]:
            raise Refusal('{0} is damaged: its sha256 is not the one in the plan'.format(kept),
                          'bring {0} back from a backup of this host'.format(quoted(kept)))

    def is_before(self, entry):
        """Whether a file has the content, owner, group and mode again that it had, or is not there again."""
        target, kept = self.target(entry['path']), self.kept('before', entry['path'])
        if files.digest(target) != entry['before']:
            return False
        if entry['before'] is None:
            return True
        now, then = os.stat(target), os.stat(kept)
        return (now.st_mode, now.st_uid, now.st_gid) == (then.st_mode, then.st_uid, then.st_gid)

    def set_aside(self):
        """Keep a copy while the journal of the next installation takes this one's place.

        :returns: a function that puts it back, as the journal of an installation that is to be completed.
        """
        aside = self.folder + PREVIOUS
        self.forget_previous()
        status, output = files.run(['cp', '-a', '--', self.folder, aside])
        if status:
            raise EnvironmentError(output.strip())
        os.unlink(os.path.join(aside, 'state'))
        return lambda: self._bring_back(aside)

    def forget_previous(self):
        files.remove_tree(self.folder + PREVIOUS)

    def _bring_back(self, aside):
        self.forget()
        files.rename(aside, self.folder)
        self.mark(INSTALLING)

    def forget(self):
        """Remove the journal; without its state first, so that a half-removed one counts as none."""
        if self.state:
            files.remove(os.path.join(self.folder, 'state'))
        if os.path.isdir(self.folder):
            files.remove_tree(self.folder)

