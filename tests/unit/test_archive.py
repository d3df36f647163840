"""A tar.gz that we write is the same bytes with every Python, and holds what it was given."""

from __future__ import annotations

import io
import tarfile

from builder.package.archive import EXECUTABLE, FILE, FOLDER, LINK, Member, packed

MEMBERS = {'top': Member(FOLDER, b''), 'top/plain': Member(FILE, b'text'), 'top/run': Member(EXECUTABLE, b'#!/bin/sh'),
           'top/link': Member(LINK, b'plain'), 'top/' + 'long/' * 40 + 'name': Member(FILE, b'')}


def test_members_come_out_as_they_went_in():
    with tarfile.open(fileobj=io.BytesIO(packed(MEMBERS, 1400000000))) as archive:
        found = {member.name: member for member in archive.getmembers()}
        assert list(found) == list(MEMBERS)
        assert archive.extractfile('top/plain').read() == b'text'
    assert {member.mtime for member in found.values()} == {1400000000}
    owners = {(member.uid, member.gid, member.uname, member.gname) for member in found.values()}
    assert owners == {(0, 0, 'root', 'root')}
    assert [oct(found[name].mode) for name in ('top', 'top/plain', 'top/run')] == ['0o755', '0o644', '0o755']
    assert found['top'].isdir() and found['top/link'].linkname == 'plain'


def test_the_header_of_gzip_has_no_time_no_name_and_no_system():
    """RFC 1952, 2.3: gzip.compress of Python 3.11 and later names the system, of the earlier ones not."""
    assert packed(MEMBERS, 1400000000)[:10] == b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff'
