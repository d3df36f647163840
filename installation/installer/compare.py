"""Holds the host's files against the bundle's, and decides what each will become; nothing is changed here."""

import os
import shutil
import tempfile

from installer import delta, files
from installer.say import Refusal, quoted

# Of the files that the fork leaves alone, 5 % to 50 % differ between two releases of nova, of one series as well.
MOST_DIFFERENT = 0.05
OURS = 'nova/cascading/'


class Outcome(object):
    """
    :ivar before: path -> original content, for paths that hold the fork's content already (copied there by hand).
    :ivar after: path -> content to install.
    :ivar merged: paths that differ from the release, and take the change all the same.
    """

    def __init__(self):
        self.before, self.after, self.merged = {}, {}, []


def compare(bundle, parent, place, known_as=None, left=()):
    """
    :param parent: the directory that holds nova/.
    :param place: function: path -> file to read it from (the tree's own, or a journal's copy of the original).
    :param known_as: path -> content to take the path for, instead of reading it.
    :param left: paths to take for absent: an earlier bundle's own files, unchanged, which will have gone by then.
    :raises Refusal: a file is neither the release's nor one that takes the change cleanly.
    """
    outcome, strangers = Outcome(), []
    for path in sorted(bundle.files):
        known, content = bundle.files[path], (known_as or {}).get(path)
        found = files.digest(place(path)) if content is None else known['before']
        found = None if path in left else found
        outcome.after[path] = bundle.after(path)
        if found == known['after']:
            outcome.before[path] = bundle.before(path)
        elif found != known['before']:
            _merge(bundle, path, place(path), outcome, strangers)
    if strangers:
        raise Refusal(_explain(bundle, strangers), _hint_of(strangers, parent))
    _refuse_other_release(bundle, parent, outcome)
    return outcome


def _refuse_other_release(bundle, parent, outcome):
    """A change that happens to apply to another release is not the change that was made for that one."""
    places = [(path, os.path.join(parent, path)) for path in bundle.tree] if outcome.merged else []
    known = [path for path, place in places if os.path.isfile(place)]
    other = [path for path in known if files.digest(os.path.join(parent, path)) != bundle.tree[path]]
    if len(other) > MOST_DIFFERENT * len(known):
        raise Refusal('this is another nova than {0}, so nothing was changed: {1} of {2} files that the '
                      'fork leaves alone differ'.format(bundle.version, len(other), len(known)), _hint(parent))


def _merge(bundle, path, found, outcome, strangers):
    """Try the patch without fuzz on a copy; keep the result only when it holds the delta and nothing else."""
    original = bundle.before(path)
    if not os.path.lexists(found):
        strangers.append((path, 'is missing'))
    elif not os.path.isfile(found):
        strangers.append((path, 'is no regular file'))
    elif original is None:
        strangers.append((path, 'is in the way: nova {0} has no such file'.format(bundle.version)))
    else:
        result, why = _patched(bundle.patch_of(path), path, files.read(found))
        if result is not None and not delta.same(original, bundle.after(path), files.read(found), result):
            result, why = None, 'differs from the release, and the change would land in another place there'
        if result is None:
            strangers.append((path, why))
        else:
            outcome.after[path] = result
            outcome.merged.append(path)


def _patched(patch, path, content):
    """:returns: (new content or None, why not)."""
    if 'GNU patch' not in files.run(['patch', '--version'])[1]:
        return None, 'differs from the release, and without GNU patch on this host the change cannot be tried'
    work = tempfile.mkdtemp()
    try:
        copy, hunks = os.path.join(work, 'copy'), os.path.join(work, 'hunks')
        for name, text in ((copy, content), (hunks, patch)):
            with open(name, 'wb') as stream:
                stream.write(text)
        status, _ = files.run(['patch', '-F0', '--no-backup-if-mismatch', '-f', '-s', '-r', '-', '-i', hunks, copy])
        return (None, 'differs from the release where the change goes') if status else (files.read(copy), '')
    finally:
        shutil.rmtree(work)


def _hint_of(strangers, parent):
    if all(path.startswith(OURS) for path, _ in strangers):
        return 'mv {0} /var/tmp/, then install.sh again   (it is of another nova-cascading, without a journal here: ' \
               'a tree that was moved or copied)'.format(quoted(os.path.join(parent, OURS.rstrip('/'))))
    return _hint(parent)


def _hint(parent):
    return './build.sh installer {0}   (on the build machine, with a copy of that directory: it makes an installer ' \
           'for exactly that tree)'.format(quoted(parent))


def _explain(bundle, strangers):
    lines = ['{0} {1}'.format(path, why) for path, why in strangers]
    return 'this is not nova {0} as the bundle knows it, so nothing was changed:\n    {1}'.format(
        bundle.version, '\n    '.join(lines))

