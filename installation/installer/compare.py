"""Holds the host's files against the bundle's, and decides what each will become; nothing is changed here."""

import os
import shutil
import tempfile

from installer import delta, files
from installer.say import Refusal, quoted


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
        raise Refusal(_explain(bundle, strangers), './build.sh installer {0}   (on the build machine, with a copy of '
                      'that directory: it makes an installer for exactly that tree)'.format(quoted(parent)))
    return outcome


def _merge(bundle, path, found, outcome, strangers):
    """Try the patch without fuzz on a copy; keep the result only when it holds the delta and nothing else."""
    original = bundle.before(path)
    if not os.path.lexists(found):
        strangers.append((path, 'is missing'))
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


def _explain(bundle, strangers):
    lines = ['{0} {1}'.format(path, why) for path, why in strangers]
    return 'this is not nova {0} as the bundle knows it, so nothing was changed:\n    {1}'.format(
        bundle.version, '\n    '.join(lines))

