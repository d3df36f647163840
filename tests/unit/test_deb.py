"""The Debian package takes the stock package's place exactly, and its version sorts where it must."""

import re
import subprocess
from pathlib import Path

import pytest

from builder.common.errors import BuildError
from builder.common.model import Fork, Stock, Tree
from builder.package import egginfo
from builder.package.deb import companions, fields, howto, template
from builder.source import cache, unpack

STOCK = Stock('python3-nova', '2:26.2.2-1~deb12u5', 'deb', {
    'Depends': 'alembic (>= 1.5.0), python3:any', 'Suggests': 'python3-suds', 'Conflicts': 'python3-cjson',
    'Breaks': 'python-nova', 'Replaces': 'python-nova', 'Description': 'not ours'})


def fork(version='26.2.2', stock=STOCK, path=Path('/nowhere')):
    return Fork(Tree(path, version, 'a test', stock=stock), [], [])


def relation(name, of):
    lines = dict(line.split(': ', 1) for line in of['RELATIONS'].splitlines())
    return {part.strip() for part in lines[name].split(',')}


@pytest.mark.parametrize(('stock', 'nextone'), [
    ('2:26.2.2-1~deb12u5', '2:26.2.2-1~deb12u6'),
    ('2:26.2.2-1', '2:26.2.2-1+deb12u1'),
    ('2:26.2.2-1', '2:26.2.2-2'),
    ('1:2014.1.5-0ubuntu1', '1:2014.1.5-0ubuntu1.1'),
    ('2:31.0.0-6+deb13u2', '2:31.0.0-6+deb13u3'),
    ('2:26.2.2', '2:26.2.2-1'),
])
def test_own_version_lies_between_stock_and_the_next_stock(stock, nextone):
    own = template.own_version(stock, 1)
    for lower, higher in ((stock, own), (own, template.own_version(stock, 2)), (own, nextone),
                          (template.own_version(stock, 9), template.own_version(stock, 10))):
        assert subprocess.run(['dpkg', '--compare-versions', lower, 'lt', higher]).returncode == 0, (lower, higher)


@pytest.mark.parametrize(('own', 'upstream'), [
    ('2:26.2.2-1~deb12u5+cascading1', '26.2.2'), ('1:2014.1.5-0ubuntu1+cascading3', '2014.1.5')])
def test_the_tarball_s_version_has_neither_epoch_nor_revision(own, upstream):
    assert template.upstream_version(own) == upstream


def test_stock_revisions_of_one_upstream_version_have_tarballs_of_their_own():
    assert template.component('2:26.2.2-1~deb12u5') == 'nova-1-deb12u5'
    assert template.component('2:26.2.2-1~deb12u6') == 'nova-1-deb12u6'
    assert template.component('1:2014.1.5-0ubuntu1.7') == 'nova-0ubuntu1-7'


def test_it_stands_in_at_the_exact_stock_version_and_needs_what_stock_needs():
    of = fields.of(fork(), '2:26.2.2-1~deb12u5+cascading1')
    assert of['DEPENDS'] == STOCK.fields['Depends']
    assert relation('Provides', of) == {'python3-nova (= 2:26.2.2-1~deb12u5)',
                                        'python-nova-cascading (= 2:26.2.2-1~deb12u5+cascading1)'}
    assert relation('Conflicts', of) >= {'python3-nova', 'python3-cjson'}
    assert relation('Replaces', of) >= {'python3-nova', 'python-nova'}
    assert relation('Breaks', of) == {'python-nova'}
    assert relation('Suggests', of) == {'python3-suds'}
    assert 'not ours' not in of['RELATIONS']


def test_requirements_of_a_python_2_nova_become_debian_s_names_with_their_lower_bounds():
    assert fields.python2_packages(['SQLAlchemy>=0.7.8,!=0.9.5,<=0.9.99', 'argparse', 'suds==0.4', 'oslo.config>=1.2',
                                    'sqlalchemy-migrate>=0.8.2', 'python-cinderclient', 'Jinja2<=2.7.3']) == [
        'python-sqlalchemy (>= 0.7.8)', 'python-suds', 'python-oslo.config (>= 1.2)', 'python-migrate (>= 0.8.2)',
        'python-cinderclient', 'python-jinja2']


FALLBACK = Path('/usr/share/dh-python/dist/cpython3_fallback')


@pytest.mark.skipif(not FALLBACK.exists(), reason='SKIPPED: needs dh-python')
@pytest.mark.parametrize('release', ['18.3.0', '22.4.0', '26.3.0', '34.0.0'])
def test_requirements_of_a_python_3_nova_become_the_names_that_dh_python_knows(release, tmp_path):
    archive = cache.release(release)
    if archive is None:
        pytest.skip(f'SKIPPED: nova {release} is not in the cache of sources')
    known = {name.lower().replace('_', '-').replace('.', '-'): package for name, package, *_ in
             (line.split() for line in FALLBACK.read_text().splitlines() if ' ' in line)}
    unpack.tar(archive, tmp_path)
    wanted = egginfo.made(next(tmp_path.iterdir()), release)['requires.txt'].split('\n[')[0].split()
    names = {re.match(r'[A-Za-z0-9._-]+', line)[0].lower().replace('.', '-') for line in wanted if line[0].isalpha()}
    expected = {known[name] for name in names if name in known}
    assert len(expected) > 50 and expected <= set(fields.python3_packages(wanted))


def test_a_template_that_asks_for_the_unknown_stops_the_build():
    with pytest.raises(BuildError, match='NO_SUCH_FACT'):
        template.filled('@NO_SUCH_FACT@', {'PACKAGE': 'x'}, Path('control.in'))


def test_mail_addresses_in_templates_stay():
    assert template.filled('a@b.org @PACKAGE@ ${misc:Depends}', {'PACKAGE': 'x'}, Path('c')) == \
        'a@b.org x ${misc:Depends}'


NOVA_COMMON = """\
Package: nova-common
Source: nova
Version: 1:2014.1.5-0ubuntu1
Architecture: all
Depends: adduser, python-nova (= 1:2014.1.5-0ubuntu1),
 python-nova-tests (= 1:2014.1.5-0ubuntu1)
Suggests: python-novaclient (= 1:2014.1.5-0ubuntu1)
Breaks: nova-compute (<< 1:2014.1.5-0ubuntu1)
Description: common files
 It says python-nova (= 1:2014.1.5-0ubuntu1) here, too.
"""
NOVA_API = 'Package: nova-api\nVersion: 1:2014.1.5-0ubuntu1\nDepends: nova-common (= 1:2014.1.5-0ubuntu1)\n'
STRANGER = 'Package: novnc\nVersion: 1:2014.1.5-0ubuntu1\nDepends: python-nova\n'


def test_companions_are_those_that_need_the_library_at_its_version_through_others_too():
    assert companions.companions_of('python-nova', '1:2014.1.5-0ubuntu1', [NOVA_API, NOVA_COMMON, STRANGER]) == {
        'nova-common', 'nova-api'}
    assert companions.companions_of('python-nova', '1:2014.1.4-0ubuntu1', [NOVA_API, NOVA_COMMON]) == set()


def test_a_companion_differs_in_its_version_and_in_what_it_needs_exactly():
    own = '1:2014.1.5-0ubuntu1+cascading1'
    changed = companions.reversioned(NOVA_COMMON, {'python-nova': 'python-nova-cascading', 'nova-api': 'nova-api'},
                                     '1:2014.1.5-0ubuntu1', own)
    differing = [line for line in changed.splitlines() if line not in NOVA_COMMON.splitlines()]
    assert differing == ['Source: nova (1:2014.1.5-0ubuntu1)', f'Version: {own}',
                         f'Depends: adduser, python-nova-cascading (= {own}),']
    assert len(changed.splitlines()) == len(NOVA_COMMON.splitlines())


def test_a_directory_without_companions_is_refused(tmp_path):
    with pytest.raises(BuildError, match=r'depends on python3-nova \(= 2:26.2.2-1~deb12u5\)'):
        companions.build(fork(), tmp_path, tmp_path, revision=1, epoch=0)


def test_a_library_of_python_2_provides_the_stock_name_with_and_without_a_version():
    """apt 1.0 drops a versioned Provides whole; dpkg before 1.17.11 takes it for an unversioned one."""
    old = fork('2014.1.5', Stock('python-nova', '1:2014.1.5-0ubuntu1', 'deb', {'Depends': 'x'}))
    assert relation('Provides', fields.of(old, '1:2014.1.5-0ubuntu1+cascading1')) == {
        'python-nova', 'python-nova (= 1:2014.1.5-0ubuntu1)'}


@pytest.mark.parametrize(('stock', 'six'), [('1:2014.1.5-0ubuntu1', '1.5.2'), ('1:2014.1.5-1', '1.6.0')])
def test_a_release_for_ubuntu_asks_for_no_more_than_ubuntu_s_own(tmp_path, stock, six):
    (tmp_path / 'setup.cfg').write_text('[metadata]\nname = nova\n')
    (tmp_path / 'requirements.txt').write_text('six>=1.6.0\niso8601>=0.1.9\n')
    old = Tree(tmp_path, '2014.1.5', 'a test', stock=Stock('python-nova', stock, 'deb'))
    assert f'python-six (>= {six}), python-iso8601 (>= 0.1.9)' in fields.depends(old, old.stock)


@pytest.mark.parametrize(('preinst', 'expected'), [
    (b'', b'#!/bin/sh\nask\n'), (b'#!/bin/sh\nset -e\n', b'#!/bin/sh\nask\nset -e\n'),
    (b'#!/bin/bash -e\nx\n', b'#!/bin/bash -e\nask\nx\n'), (b'#!/usr/bin/perl\nx\n', b'#!/usr/bin/perl\nx\n')])
def test_a_companion_asks_before_its_stock_preinst(preinst, expected):
    assert companions.asking(preinst, 'ask\n') == expected


def test_one_line_installs_a_library_and_one_more_the_companions_that_the_host_has(tmp_path):
    """Run by a shell, with stand-ins for dpkg and apt; nova-cert is not installed, nova-doc only
    remembered; the fork is there in another version."""
    version = '2014.1.5-0ubuntu1+cascading1'
    debs = [tmp_path / f'dist dir/{name}_{version}_all.deb' for name in (
        'python-nova-cascading', 'nova-api', 'nova-cert', 'nova-common', 'nova-doc')]
    debs[0].parent.mkdir()
    for deb in debs:
        deb.touch()
    (tmp_path / 'dpkg-deb').write_text('#!/bin/sh\necho \'echo asked "$@"\'\n')
    (tmp_path / 'apt-get').write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / 'dpkg-query').write_text('#!/bin/sh\nprintf "install ok installed %s\\n" nova-api hello nova-common '
                                         'python-nova-cascading\n'
                                         'echo deinstall ok config-files nova-doc\n')
    for script in tmp_path.iterdir():
        script.chmod(0o755)
    env = {'PATH': f'{tmp_path}:/usr/bin:/bin'}

    def run(lines):
        return subprocess.run(['sh', '-c', '\n'.join(lines)], env=env, capture_output=True, text=True).stdout.split()

    assert run(howto.install(debs[:1])) == ['asked', 'ask', f'./{debs[0].name}', 'install', f'./{debs[0].name}']
    wanted = [f'./{name}_{version}_all.deb' for name in ('nova-api', 'nova-common', 'python-nova-cascading')]
    assert run(howto.install(debs)) == ['asked', 'ask', *wanted, 'install', *wanted]
    assert 'dpkg -i "$@"' in howto.install(debs)[-1]


@pytest.mark.parametrize(('answer', 'said'), [(0, ['stock preinst upgrade 1']), (1, [])])
def test_a_companion_s_preinst_goes_on_with_stock_s_only_when_the_answer_is_yes(answer, said):
    """The question has a here-document of its own in it, as the fork's preinst has."""
    asks = (f"cat >/dev/null <<'END_OF_PREFLIGHT'\nexit 7\nEND_OF_PREFLIGHT\n"
            f"[ \"$1 $2\" = 'companion upgrade' ] && exit {answer}")
    script = companions.asking(b'#!/bin/sh\nset -e\necho "stock preinst $@"\n', companions.QUESTION.format(script=asks))
    done = subprocess.run(['sh', '-c', script.decode(), 'preinst', 'upgrade', '1'], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (answer, said, '')
