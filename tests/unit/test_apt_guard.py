"""apt's hook stops plans that nobody can want, and no other. Its input has apt's form; dpkg's answers are given."""

import subprocess

import pytest

from builder.common.project import PROJECT

GUARD = PROJECT / 'debian/apt-guard'
OLD, NEW, FORK = '2:26.2.2-1', '2:26.2.2-2', '2:26.2.2-1+cascading1'
SERVICES = ('nova-common', 'nova-api', 'nova-conductor')
PASSED, REFUSED = 0, 10
# What they type for a python3-nova that is to be there: Puppet, Salt, Ansible and Chef. The last two add the version.
BY_TOOLS = ('-q -y -o DPkg::Options::=--force-confold install python3-nova',
            '-q -y -o DPkg::Options::=--force-confold -o DPkg::Options::=--force-confdef install python3-nova',
            '-y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install python3-nova=2:26.2.2-2')
# As apt's library calls it, in a process with the command line of a front end.
RUN_AS = '$0 = shift; exit(system("sh", "-c", "nova_cascading=x :; sh $ARGV[0] || exit") >> 8)'

BACK_WITHOUT_SERVICES = ['- python3-nova-cascading', '+ python3-nova', *(f'- {name}' for name in SERVICES)]
BACK = ['- python3-nova-cascading', '+ python3-nova', *(f'^ {name}' for name in SERVICES)]
FORTH = ['- python3-nova', '+ python3-nova-cascading']
FORTH_FROM_A_FILE = ['- python3-nova', '+ python3-nova-cascading /srv/a dir/100%3a~.deb']
FORTH_WITHOUT_SERVICES = [*FORTH, *(f'- {name}' for name in SERVICES)]
NEXT_RELEASE = f'nova-common {OLD} all none < 2:31.0.0-6 all none /var/cache/apt/archives/nova-common_31_all.deb'


def companion(name):
    stock = '1:2014.1.5-0ubuntu1'
    return f'{name} {stock} all none < {stock}+cascading1 all none /var/cache/apt/archives/{name}_1_all.deb'


FORTH_WITH_COMPANIONS = ['- python-nova', '+ python-nova-cascading', *map(companion, SERVICES)]
ALL_GONE = ['- python3-nova-cascading', *(f'- {name}' for name in SERVICES)]


def lines(plan, protocol):
    """One line for each change, as pkgDPkgPM::SendPkgsInfo of apt writes it."""
    arch = ' all none' if protocol == 3 else ''
    for change in plan:
        if ' < ' in change:
            yield change
            continue
        sign, name, *file = change.split(' ', 2)
        deb = file[0] if file else f'/var/cache/apt/archives/{name}_1_all.deb'
        yield {'-': f'{name} {OLD}{arch} > -{" - none" if protocol == 3 else ""} **REMOVE**',
               '+': f'{name} -{" - none" if protocol == 3 else ""} < {NEW}{arch} {deb}',
               '^': f'{name} {OLD}{arch} < {NEW}{arch} {deb}'}[sign]
        if sign != '-':
            yield f'{name} {OLD}{arch} < {NEW}{arch} **CONFIGURE**'


@pytest.fixture
def guard(tmp_path):
    """guard(plan, command line, preinst's exit status) gives the hook's exit status and what it says."""
    (tmp_path / 'dpkg-query').write_text('''#!/bin/sh
for name; do :; done
case $*,$name in
*Depends*,nova-common) echo ", adduser, python3-nova (= 2:26.2.2-1)" ;;
*Depends*,nova-*) echo ", nova-common (= 2:26.2.2-1)" ;;
*Depends*,python3-masakari) echo ", python3-nova" ;;
*Status*) echo install ok installed ;;
*Depends*,python3-novaclient) echo ", python3-requests" ;;
*) echo 2:26.2.2-1 ;;
esac
''')
    (tmp_path / 'dpkg-deb').write_text('''#!/bin/sh
case $1 in
-f) case $2,$3 in
    ./stock.deb,Package | "./the stock.deb",Package) echo python3-nova ;;
    "/srv/a dir/100%3a~.deb",Package) echo python3-nova-cascading ;;
    *,Provides) echo "python3-nova (= 2:26.3.0-1)" ;;
    *) exit 2 ;;
    esac ;;
--info) case $2 in "/srv/a dir/"* | /var/cache/*) ;; *) exit 2 ;; esac
   head -c 200000 /dev/zero | tr '\\0' '#'
   echo; echo '[ $# -lt 2 ] || echo "asked for $2" >&2; exit $PREINST' ;;
esac
''')
    (tmp_path / 'apt-cache').write_text('#!/bin/sh\nprintf "nova-common:\\n  Candidate: $CANDIDATE\\n"\n')
    for script in tmp_path.iterdir():
        script.chmod(0o755)

    script = tmp_path / 'apt-guard'
    script.write_text(GUARD.read_text().replace('PATH=/', f'PATH={tmp_path}:/', 1))

    def run(plan, command='', preinst=0, protocol=3, options='', candidate='2:31.0.0-6', front_end='apt-get'):
        typed = f'CommandLine::AsString={command.replace("=", "%3d")}\n' if command else ''
        text = f'VERSION {protocol}\nAPT::Architecture=amd64\n{typed}{options}\n' + \
            ''.join(f'{line}\n' for line in lines(plan, protocol))
        done = subprocess.run(['perl', '-e', RUN_AS, front_end, script], input=text, capture_output=True, text=True,
                              env={'PREINST': str(preinst), 'CANDIDATE': candidate})
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize('protocol', [2, 3])
@pytest.mark.parametrize(('plan', 'command', 'expected'), [
    (FORTH, 'apt-get install python-nova-cascading', PASSED),
    (FORTH, '', PASSED),
    (ALL_GONE, 'apt-get -f install', REFUSED),
    (ALL_GONE, 'apt-get install -f -y -o Dpkg::Options::=--force-confold', REFUSED),
    (ALL_GONE, 'apt --fix-broken install -y', REFUSED),
    (ALL_GONE, 'apt-get remove python3-nova-cascading nova-common nova-api nova-conductor -f', PASSED),
    (FORTH, 'apt-get dist-upgrade', REFUSED),
    (FORTH, '/usr/bin/unattended-upgrade', REFUSED),
    (FORTH, 'apt-get install meta-package', PASSED),
    (FORTH_WITH_COMPANIONS, 'apt-get install nova-api', REFUSED),
    (FORTH_WITH_COMPANIONS, 'apt-get -q -y install nova-novncproxy', REFUSED),
    (FORTH_WITH_COMPANIONS, 'apt-get install python-nova-cascading nova-common nova-cascading-archive-keyring', PASSED),
    (FORTH_WITH_COMPANIONS, 'apt-get install nova-api=1:2014.1.5-0ubuntu1+cascading1', PASSED),
    (FORTH_WITH_COMPANIONS, 'apt-get install nova-api nova-cascading-archive-keyring', REFUSED),
    (FORTH_WITH_COMPANIONS, 'apt-get install meta-package', PASSED),
    (FORTH_WITHOUT_SERVICES, 'apt-get install python3-nova-cascading', REFUSED),
    (FORTH_WITHOUT_SERVICES, '', REFUSED),
    ([*FORTH, '- python3-masakari'], 'apt-get install python3-nova-cascading', REFUSED),
    ([*FORTH, '- python3-novaclient'], 'apt-get install python3-nova-cascading', PASSED),
    (['^ python3-nova-cascading', *(f'- {name}' for name in SERVICES)], 'apt-get install python-nova-cascading=9',
     REFUSED),
    (['^ python3-nova-cascading', NEXT_RELEASE, '- nova-consoleauth'], 'apt full-upgrade', PASSED),
    (['^ python3-nova-cascading', '^ nova-common', '- nova-conductor'], 'apt full-upgrade', REFUSED),
    (['^ python3-nova-cascading', '^ nova-common', '- nova-conductor'], '', REFUSED),
    (['^ python3-nova-cascading', '^ nova-common', '- nova-api'], 'apt-get dist-upgrade nova-api-', PASSED),
    (['^ python3-nova-cascading', '^ nova-common', '- hello'], 'apt full-upgrade', PASSED),
    (['^ python3-nova', '- nova-consoleauth'], 'apt full-upgrade', PASSED),
    *((BACK, f'apt-get {line}', REFUSED) for line in BY_TOOLS),
    (BACK, 'apt-get install python3-nova:all nova-api', REFUSED),
    (BACK, 'apt-get install python3-nova/bookworm', PASSED),
    (BACK, 'apt-get install -y nova-api python3-nova:all=2:26.2.2-2', PASSED),
    (BACK, 'apt-get remove python3-nova-cascading', PASSED),
    (BACK, 'apt history-undo 7', PASSED),
    (BACK, 'apt-get install -y python3-nova=2:26.2.2-2 nova-api=2:26.2.2-2', PASSED),
    (BACK, 'apt-get install ./python3-nova_26.2.2-2_all.deb', PASSED),
    (BACK, 'apt-get install ./stock.deb nova-*', PASSED),
    (BACK, 'apt-get install ./the stock.deb nova-*', PASSED),
    (BACK, 'apt-get install ./other.deb', REFUSED),
    (FORTH_FROM_A_FILE, 'apt-get install nova-api /srv/a dir/100%253a~.deb', PASSED),
    (BACK, 'apt-get install python3-nov*', PASSED),
    (BACK, 'apt install ?name(python3-nova)', PASSED),
    (BACK, 'apt-get install --only-upgrade nova-*', REFUSED),
    (BACK, 'apt-get purge python3-nova-cascading python3-nova+', PASSED),
    (BACK, 'apt-get install -y --only-upgrade nova-scheduler', REFUSED),
    (BACK, 'apt-get dist-upgrade', REFUSED),
    (BACK, 'apt-get install python3-novaclient', REFUSED),
    (BACK, '', PASSED),
    (BACK_WITHOUT_SERVICES, 'apt-get install python3-nova=2:26.2.2-2', REFUSED),
    (BACK_WITHOUT_SERVICES, 'apt-get purge python3-nova-cascading python3-nova+', REFUSED),
    (ALL_GONE, 'apt-get purge python3-nova-cascading', REFUSED),
    (ALL_GONE, 'apt-get purge python3-nova-cascading nova-common nova-api nova-conductor', PASSED),
    (ALL_GONE, 'apt-get purge nova-* python3-nova-cascading', PASSED),
    (ALL_GONE, 'apt-get autoremove', PASSED),
    (ALL_GONE, 'apt full-upgrade', REFUSED),
    (ALL_GONE, '/usr/bin/unattended-upgrades -d', REFUSED),
    (ALL_GONE, 'apt-get dist-upgrade nova-common-', PASSED),
    (['- python3-nova', *(f'- {name}' for name in SERVICES)], 'apt full-upgrade', PASSED),
    (ALL_GONE, '', PASSED),
    (['- nova-api'], 'apt-get remove nova-api', PASSED),
    (['+ hello'], 'apt-get install hello', PASSED),
])
def test_what_nobody_can_want_is_refused_and_nothing_else(guard, plan, command, expected, protocol):
    status, said = guard(plan, command, protocol=protocol)
    assert status == expected, said
    assert ('Next' in said and 'Nothing was changed' in said) == (expected == REFUSED)


@pytest.mark.parametrize(('old', 'new', 'expected'), [
    ('1:2014.1.5-0ubuntu1', '1:2014.2.4-0ubuntu1', PASSED), ('1:2014.1.4-0ubuntu2', '1:2014.1.5-0ubuntu1', REFUSED),
    ('2014.1.3-11', '2014.2-1', PASSED), ('2014.1.3-11', '2014.1.3-12', REFUSED),
    ('1:2014.2.4-0ubuntu1', '1:2015.1.0-0ubuntu1', PASSED), ('1:2015.1.4-0ubuntu1', '2:12.0.0-0ubuntu1', PASSED),
    ('2:12.0.0-0ubuntu1', '2:12.0.6-0ubuntu1', REFUSED), ('2:26.2.2-1', '2:26.3.0-1', REFUSED)])
def test_a_service_that_goes_is_waited_for_unless_another_release_has_dropped_it(guard, old, new, expected):
    moved = f'nova-common {old} all none < {new} all none /var/cache/apt/archives/nova-common_1_all.deb'
    assert guard(['^ python3-nova-cascading', moved, '- nova-cert'], 'apt-get dist-upgrade')[0] == expected


@pytest.mark.parametrize(('plan', 'front_end', 'expected'), [
    (BACK, 'aptitude -y full-upgrade', REFUSED),
    (BACK, '/usr/bin/aptitude-curses safe-upgrade', REFUSED),
    (BACK, 'aptitude -y install nova-scheduler', REFUSED),
    (BACK, 'aptitude install', REFUSED),
    (BACK, '/usr/bin/python3 /usr/bin/nala upgrade', REFUSED),
    (BACK, 'aptitude -y -o DPkg::Options::=--force-confold install python3-nova', REFUSED),
    (BACK, 'aptitude install python3-nova', REFUSED),
    (BACK, 'aptitude -y install python3-nova=2:26.2.2-2', PASSED),
    (BACK, 'aptitude remove python3-nova-cascading python3-nova+', PASSED),
    (BACK, 'aptitude install ~nnova', PASSED),
    (BACK, 'aptitude install ?name(nova)', PASSED),
    (BACK, '/usr/bin/python3 /usr/bin/nala install -y python3-nova', REFUSED),
    (BACK, '/usr/bin/python3 /usr/bin/nala history undo 5', PASSED),
    (BACK, 'aptitude', PASSED),
    (BACK, 'aptitude -u', PASSED),
    (BACK, '/usr/libexec/packagekitd', PASSED),
    (BACK, '/usr/bin/python3 /srv/deploy.py upgrade', PASSED),
    (BACK_WITHOUT_SERVICES, 'aptitude', REFUSED),
    (ALL_GONE, 'aptitude -y remove python3-nova-cascading', REFUSED),
    (ALL_GONE, 'aptitude -y install', REFUSED),
    (ALL_GONE, 'aptitude install -y -q', REFUSED),
    (ALL_GONE, 'aptitude -y full-upgrade', REFUSED),
    (ALL_GONE, 'aptitude -y purge nova-common python3-nova-cascading nova-api nova-conductor', PASSED),
    (FORTH, 'aptitude -y full-upgrade', REFUSED),
    (FORTH, 'aptitude -y install python-nova-cascading', PASSED),
])
def test_a_front_end_that_tells_no_command_is_judged_by_its_own_command_line(guard, plan, front_end, expected):
    status, said = guard(plan, front_end=front_end)
    assert status == expected, said
    assert ('aptitude keep-all' in said) == (expected == REFUSED and 'aptitude' in front_end)


def test_aptitude_has_to_forget_its_plan_also_where_the_database_refuses(guard):
    status, said = guard(FORTH, preinst=1, front_end='aptitude install python3-nova-cascading')
    assert (status, 'aptitude keep-all' in said) == (REFUSED, True)


@pytest.mark.parametrize('protocol', [2, 3])
@pytest.mark.parametrize('typed', [*BY_TOOLS, '-y install python3-nova'])
def test_a_tools_way_of_naming_the_stock_library_is_answered_with_what_to_type(guard, typed, protocol):
    said = guard(BACK, f'apt-get {typed}', protocol=protocol)[1]
    assert f'apt-get install python3-nova={NEW}\n' in said and 'nova-cascading uninstall' in said
    assert 'let what typed this name python3-nova-cascading in the place of python3-nova' in said
    assert 'until there is a fork of the new nova' in guard(BACK, 'apt-get dist-upgrade', protocol=protocol)[1]


def test_the_database_is_asked_by_a_file_in_a_folder_with_spaces(guard):
    assert guard(FORTH_FROM_A_FILE, 'apt-get install /srv/a dir/100%253a~.deb', preinst=1)[0] == REFUSED


def test_whoever_really_wants_an_exchange_says_so(guard):
    assert guard(BACK, 'apt-get dist-upgrade', options='NovaCascading::Exchange=yes\n')[0] == PASSED


@pytest.mark.parametrize('protocol', [2, 3])
@pytest.mark.parametrize(('python', 'plan', 'expected'), [
    ('3.13.5-1', [], REFUSED), ('3.13.5-1', ['^ python3-nova-cascading'], REFUSED), ('3.11.4-1+b1', [], PASSED),
    ('3.13.5-1', ['^ python3-nova-cascading', '^ nova-common'], PASSED),
    ('3.13.5-1', ALL_GONE, REFUSED), ('3.11.4-1+b1', ALL_GONE, REFUSED)])
def test_a_release_upgrade_neither_leaves_the_fork_behind_nor_takes_all_of_nova_away(guard, python, plan, expected,
                                                                                     protocol):
    """apt 2.2 to bookworm, no fork of its nova on offer: bullseye's librados fits neither, so all of nova goes."""
    assert guard([*plan, python_line(python, protocol)], 'apt full-upgrade', protocol=protocol)[0] == expected


def test_nor_does_one_without_a_command_line(guard):
    assert guard([*ALL_GONE, python_line('3.13.5-1', 3)], '')[0] == REFUSED


def test_a_python_that_moves_on_alone_is_no_release_upgrade(guard):
    """As in sid, where nova is of the same version before and after."""
    assert guard([python_line('3.14.2-1', 3)], 'apt full-upgrade', candidate='2:26.2.2-1')[0] == PASSED


def python_line(version, protocol):
    arch = ' amd64 none' if protocol == 3 else ''
    return f'python3 3.11.2-1+b1{arch} < {version}{arch} /var/cache/apt/archives/python3_{version}_amd64.deb'


def test_a_way_back_that_was_cut_off_is_ended_by_apt_as_the_command_is_gone(guard, tmp_path):
    status, said = guard(ALL_GONE, 'apt-get -f install -y')
    assert (status, 'nova-cascading uninstall' in said) == (REFUSED, False)
    assert f'apt-get install python3-nova={OLD}\n' in said
    assert 'apt-get install --reinstall python3-nova-cascading\n' in said
    (tmp_path / 'nova-cascading').touch(mode=0o755)
    assert 'nova-cascading uninstall\n' in guard(ALL_GONE, 'apt-get -f install -y')[1]


@pytest.mark.parametrize(('preinst', 'expected'), [(0, PASSED), (1, REFUSED), (127, REFUSED)])
def test_the_database_is_asked_before_the_stock_library_goes(guard, preinst, expected):
    """By a script that is longer than an argument of a program may be."""
    assert guard(FORTH, 'apt-get install python-nova-cascading', preinst)[0] == expected


@pytest.mark.parametrize(('plan', 'expected'), [(FORTH, ''), (FORTH_WITH_COMPANIONS, 'asked for companion\n')])
def test_the_database_is_asked_for_the_companions_too_which_restart_their_services(guard, plan, expected):
    assert guard(plan, 'apt-get install python-nova-cascading', 0) == (PASSED, expected)


@pytest.mark.parametrize('plan', [['^ python3-nova-cascading'], ['+ python3-nova-cascading']])
def test_where_no_stock_library_goes_there_is_nothing_to_ask(guard, plan):
    assert guard(plan, 'apt-get -f install', preinst=1)[0] == PASSED


def test_an_apt_that_tells_only_file_names_is_left_alone(guard):
    done = subprocess.run(['sh', GUARD], input='/var/cache/apt/archives/x_1_all.deb\n', text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, '')
