"""nova-cascading-release: the rpm that tells a host where one yum repository is, and which key signs it."""

from __future__ import annotations

import shutil
from pathlib import Path
from time import gmtime, strftime

from builder.common import workplace
from builder.common.maintainer import maintainer
from builder.package.rpm import preflight
from builder.package.rpm.build import macro_files
from builder.repository import isolated, targets

SHARE = Path(__file__).parent / 'templates'


def repo_file(url: str, suite: str) -> str:
    # The Ansible role writes the same, or rpm would keep that one and put each later one beside it as .rpmnew.
    # yum 3 has no priority above 99: there it is asked for by name, or upgrades would swap hosts unasked.
    is_yum3 = targets.target_of(suite) in targets.YUM3
    expiry = 'metadata_expire=900' + ('\nmirrorlist_expire=900' if is_yum3 else '')
    return (SHARE / 'nova-cascading.repo').read_text().format(
        url=url, suite=suite, enabled='0' if is_yum3 else '1', expiry=expiry)


def build(*, url: str, suite: str, key: bytes, version: str, epoch: int, to: Path) -> None:
    """
    :param url: address of the whole repository.
    :param suite: the stable suite, e.g. ``icehouse-el7``.
    :param key: the armored public keys.
    :param epoch: build time, seconds since 1970.
    """
    with workplace.directory() as work:
        top = Path(work)
        (top / 'RPM-GPG-KEY-nova-cascading').write_bytes(key)
        (top / 'nova-cascading.repo').write_text(repo_file(url, suite))
        (top / 'release.spec').write_text((SHARE / 'release.spec').read_text().replace('@VERSION@', version).replace(
            '@DATE@', strftime('%a %b %d %Y', gmtime(epoch))).replace('@MAINTAINER@', str(maintainer())))
        preflight.write(top, epoch)
        # _rpmformat: rpm 6 writes packages of version 6 otherwise, which only rpm 6 reads.
        defines = {'_topdir': work, '_sourcedir': work, '_rpmdir': f'{work}/out', '_rpmfilename': 'release.rpm',
                   '_dbpath': f'{work}/db', '_rpmformat': '4'}
        words = [word for name, value in defines.items() for word in ('--define', f'{name} {value}')]
        isolated.run(['rpmbuild', '-bb', '--quiet', '--target', 'noarch', '--macros', macro_files(), *words,
                      top / 'release.spec'], SOURCE_DATE_EPOCH=str(epoch))
        to.unlink(missing_ok=True)
        shutil.copyfile(top / 'out/release.rpm', to)
