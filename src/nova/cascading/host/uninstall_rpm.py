"""What rpm itself knows and does on the way back: which package stands in for which, and the exchange from a file."""

from __future__ import print_function

import glob
import os
import re
import sys

from nova.cascading import errors
from nova.cascading.host import tools

WORKING = 3600  # seconds
# Of what rpm -V prints: Python files whose digest differs from the package's.
FOREIGN = re.compile(r'^..5\S*\s+(\S+\.py)$', re.M)
SIGNED = re.compile(r'\b(pgp|gpg|signatures)\b')
COMMON = 'openstack-nova-common'  # RDO's; it requires the library in its own version, and all services require it
FORM = '%{NAME} %{EPOCH} %{VERSION}-%{RELEASE} %{ARCH}\\n'


def installed(package):
    """Whether rpm has the package."""
    return tools.call(['rpm', '-q', package], quiet=True) == 0


def evrs(package):
    """[epoch:]version-release of each of its entries: a transaction that was killed leaves the old one and the new."""
    return [evr for _, evr in identities([package])]


def identities(query):
    """(name, [epoch:]version-release) of each package that rpm finds by its own name, whatever others provide."""
    status, text = tools.ask(['rpm', '-q', '--qf', FORM] + query)
    entries = [line.split() for line in text.splitlines()] if status == 0 else []
    return [(words[0], words[2] if words[1] == '(none)' else '{0}:{1}'.format(words[1], words[2]))
            for words in entries if len(words) == 4]


class Exchange(object):
    """The fork's package goes, the stock library comes.

    :param own: name of the fork's package
    :param stock: name of the stock library
    :param stock_evr: the version of it that the nova services want: [epoch:]version-release
    """

    def __init__(self, own, stock, stock_evr):
        self.own = own
        self.stock = stock
        self.stock_evr = stock_evr
        self.stock_spec = '{0}-{1}.noarch'.format(stock, stock_evr)
        self.file_name = '{0}-{1}.noarch.rpm'.format(stock, stock_evr.rpartition(':')[2])

    @classmethod
    def of(cls, own):
        """As the installed fork says it: it obsoletes the stock library, and provides it in the exact version."""
        names = tools.output(['rpm', '-q', '--qf', '[%{OBSOLETENAME}\\n]', own]).split()
        provided = tools.output(['rpm', '-q', '--provides', own]).splitlines()
        words = [line.split() for line in provided if ' = ' in line]
        services = evrs(COMMON)
        for stock in names:
            found = [line[-1] for line in words if line[0] == stock]
            if found:  # more than one where an upgrade was killed
                return cls(own, stock, ([evr for evr in found if evr in services] or found)[0])
        raise errors.CascadingError('rpm does not say which package {0} stands in for'.format(own),
                                    'see `rpm -V {0}`, and reinstall it'.format(own))

    def half_done(self):
        """Both are there, and the files are the stock library's: the way back was interrupted after it had come."""
        return self._both() and not self._files_are_the_forks()

    def other_services(self):
        """The versions of the services that want another library than the fork stands in for."""
        return [evr for evr in evrs(COMMON) if evr != self.stock_evr]

    def left_behind(self):
        """Entries of the stock library without its files: the fork's installation was interrupted before they went."""
        left = [evr for evr in evrs(self.stock) if evr != self.stock_evr]
        if not left and self._both() and self._files_are_the_forks():
            left = [self.stock_evr]
        return ['{0}-{1}'.format(self.stock, evr.rpartition(':')[2]) for evr in left]

    def finish_installation(self, left):
        """Only the fork is there afterwards, whose files need nothing of the stock library's entries."""
        self._do(['rpm', '-e'] + left)

    def find(self, source):
        """The path of the right rpm: ``source`` itself, or one in that directory.

        :raises errors.CascadingError: there is none
        """
        paths = sorted(glob.glob(os.path.join(source, '*.rpm'))) if os.path.isdir(source) else [source]
        seen = []
        for path in paths:
            seen += identities(['-p', '--nosignature', path])
            if seen[-1:] == [(self.stock, self.stock_evr)]:
                return os.path.abspath(path)
        what = ', '.join('-'.join(one) for one in seen) or 'no rpm that can be read'
        raise errors.CascadingError('{0} is not {1}, which the nova services of this host want: found {2}'.format(
            source, self.stock_spec, what), 'get {0} from where this host\'s nova came'.format(self.file_name))

    def steps(self, path, options=('--nodeps',)):
        """The commands, in order: at no moment is the host without a nova, and rpm removes nothing else.

        :param options: without --nodeps rpm refuses to have both for a moment
        """
        return [['rpm', '-i', '--oldpackage'] + list(options) + ['--replacefiles', path], self.removal()]

    def removal(self):
        """All entries of the fork: an upgrade of it that was killed leaves two, of which `rpm -e` alone takes none."""
        return ['rpm', '-e', '--allmatches', self.own]

    def carry_out(self, path):
        """:raises errors.CascadingError: a step failed; nova is there all the same"""
        if not self.half_done():
            first = self.steps(path)[0]
            self._do(first[:2] + ['--test'] + first[2:])
            self._do(first)
        self._do(self.removal())

    def check_signature(self, path):
        """:raises errors.CascadingError: what was downloaded is not signed by somebody whom rpm trusts

        An unsigned package is fine for rpm -K ("sha1 md5 OK"), and yumdownloader looks at no signature.
        """
        status, text = tools.ask(['rpm', '-K', path])
        if status == 0 and SIGNED.search(text.rpartition(':')[2]):
            return
        what = 'is not signed' if status == 0 else 'was changed on its way, or its signer\'s key is unknown to rpm'
        raise errors.CascadingError(
            '{0} {1} (rpm -K says: {2}), so nothing was changed'.format(os.path.basename(path), what, text.strip()),
            'rpm --import the key of your nova\'s repository and run this again; or fetch the package yourself, and '
            'give it with --from')

    def check_done(self):
        """:raises errors.CascadingError: what the rpm database holds is not the stock library alone"""
        has_stock = self.stock_evr in evrs(self.stock)
        if has_stock and not installed(self.own):
            return
        if has_stock:
            raise errors.CascadingError('{0} is there, but {1} did not go'.format(self.stock_spec, self.own),
                                        ' '.join(self.removal()))
        if installed(self.own):
            raise errors.CascadingError('nothing was changed, for the reason given above: {0} is still '
                                        'installed'.format(self.own), 'put that right, and run this again')
        raise errors.CascadingError('rpm has neither {0} nor {1}'.format(self.own, self.stock_spec),
                                    'get {0} from where this host\'s nova came, then: rpm -U {0}'.format(
                                        self.file_name))

    def _both(self):
        return installed(self.own) and self.stock_evr in evrs(self.stock)

    def _files_are_the_forks(self):
        """rpm names the files whose content is another package's; somebody's own edits must not decide."""
        return len(self._foreign_files(self.stock)) > len(self._foreign_files(self.own))

    @staticmethod
    def _foreign_files(package):
        _, text = tools.ask(['rpm', '-V', '--nodeps', '--noscripts', package], seconds=WORKING)
        return FOREIGN.findall(text)

    def _do(self, command):
        print(' '.join(command))
        sys.stdout.flush()
        if tools.call(command, seconds=WORKING) != 0:
            raise errors.CascadingError('`{0}` failed; nova is still installed'.format(' '.join(command)),
                                        'put right what it says above, and run this again')
