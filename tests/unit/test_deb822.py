"""Control paragraphs as the builder reads them, beside what python-debian says of them."""

import pytest

from builder.common import deb822

CONTROL = '''Package: python3-nova
Description: OpenStack Compute
 A text: with a colon
 .
 and two paragraphs.
Depends: python3:any,
\tpython3-oslo.config (>= 1:2.0),
X-Empty:
'''
SIGNED = f'''-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA512

{CONTROL}
-----BEGIN PGP SIGNATURE-----

iQIz
-----END PGP SIGNATURE-----
'''


@pytest.mark.parametrize('text', [CONTROL, CONTROL + '\nPackage: another\n', SIGNED], ids=['one', 'first', 'signed'])
def test_fields_are_those_that_python_debian_reads(text):
    reference = pytest.importorskip('debian.deb822').Deb822(text.splitlines())
    assert deb822.fields(text) == {name: value.strip() for name, value in reference.items()}


def test_paragraphs_of_people_have_comments_and_any_case():
    text = '# mine\nTypes: deb\n# not now\nURIS: https://deb.example.org\n\n \n\ntypes: deb-src\n'
    assert deb822.paragraphs(text) == [{'types': 'deb', 'uris': 'https://deb.example.org'}, {'types': 'deb-src'}]


def test_what_is_no_paragraph_has_no_fields():
    assert deb822.fields('') == deb822.fields('\n\nPackage: x\n') == deb822.fields('no colon\n') == {}
