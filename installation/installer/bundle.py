"""The unpacked bundle: what it changes in which nova, and the contents for it."""

import os

from installer import files
from installer.journal import load
from installer.say import Refusal


class Bundle(object):
    """
    :param folder: where the bundle was unpacked.

    ``files`` maps each path that changes to ``{'before': sha256 or None, 'after': sha256}``; ``tree`` maps the other
    Python files of that nova to their sha256.
    """

    def __init__(self, folder):
        self.folder = folder
        manifest = load(os.path.join(folder, 'manifest.json'))
        self.version = manifest['version']
        self.commit = manifest['commit']
        self.files = manifest['files']
        self.tree = manifest['tree']
        self.id = files.digest(os.path.join(folder, 'manifest.json'))

    @property
    def name(self):
        return 'nova-cascading for nova {0} ({1})'.format(self.version, self.commit[:12])

    def after(self, path):
        """The content that a path gets."""
        return self._content(path, path, self.files[path]['after'])

    def before(self, path):
        """The content that a path has in that nova's release, or None."""
        known = self.files[path]['before']
        return known and self._content(path, os.path.join('original', path), known)

    def _content(self, path, place, known):
        content = files.read(os.path.join(self.folder, place))
        if files.sha256(content) != known:
            raise Refusal('{0} of the bundle is not the file that its manifest names'.format(place),
                          'get the bundle again, and compare its sha256 with the published one')
        return content

    def patch_of(self, path):
        """The part of the rendered patches that is about one path, in order."""
        folder = os.path.join(self.folder, 'patches')
        names = files.text_of(files.read(os.path.join(folder, 'series'))).split()
        parts = [_about(path, files.read(os.path.join(folder, name))) for name in names]
        return b''.join(parts)


def _about(path, patch):
    """:returns: the hunks of one file, with their ``---`` and ``+++`` lines."""
    kept, mine = [], False
    lines = patch.splitlines(True)
    for number, line in enumerate(lines):
        if line.startswith(b'--- ') and lines[number + 1:number + 2] and lines[number + 1].startswith(b'+++ '):
            mine = lines[number + 1].split()[1].split(b'/', 1)[1] == path.encode('utf-8')
        if mine and line[:1] in b'-+ @\\':
            kept.append(line)
    return b''.join(kept)
