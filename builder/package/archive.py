"""A tar.gz of members that are at hand: the same bytes for the same members, whoever makes it, where and when."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from typing import NamedTuple

from builder.common.files import gzipped

FILE, EXECUTABLE, LINK, FOLDER = 'file', 'executable', 'link', 'folder'
TYPES = {LINK: tarfile.SYMTYPE, FOLDER: tarfile.DIRTYPE}
MODES = {FILE: 0o644, EXECUTABLE: 0o755, LINK: 0o777, FOLDER: 0o755}


class Member(NamedTuple):
    """What an archive holds under a path; of a link, ``data`` is where it leads."""

    kind: str
    data: bytes


def packed(members: Mapping[str, Member], epoch: int) -> bytes:
    """A tar.gz of the members, in their order, owned by root.

    :param members: path in the archive -> member.
    :param epoch: the time of all files in it, in seconds since 1970.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode='w', format=tarfile.PAX_FORMAT) as archive:
        for name, member in members.items():
            archive.addfile(header(name, member, epoch), io.BytesIO(member.data))
    return gzipped(stream.getvalue())


def header(name: str, member: Member, epoch: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mtime, info.uname, info.gname = epoch, 'root', 'root'
    info.type, info.mode = TYPES.get(member.kind, tarfile.REGTYPE), MODES[member.kind]
    if member.kind == LINK:
        info.linkname = os.fsdecode(member.data)
    elif member.kind != FOLDER:
        info.size = len(member.data)
    return info
