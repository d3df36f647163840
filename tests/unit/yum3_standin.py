#!/usr/bin/python3
"""A stand-in for rpm, yum 3 and yumdownloader on one host; it is none of them.

It answers the way yum 3.4.3 and yum 3.2.29 do in what matters to whoever exchanges a package: the shell carries out a
`remove` whose `install` was not found, and ends with 0; `swap` is there from 2013 on; a `remove` takes along whatever
needs the package; a failed download ends with 1, in the shell with 0; what a package on offer obsoletes is not
installed, unless with obsoletes=0. Called as rpm, yum or yumdownloader; the host is
host.json beside it: installed and offered packages {name: [evr, requires]}, whose files lie there, what stock requires
in vain, and what is wrong.
"""

import json
import pathlib
import sys

PLACE = pathlib.Path(__file__).absolute().parent
HOST = json.loads((PLACE / 'host.json').read_text())
INSTALLED, OFFERED, WRONG = HOST['installed'], HOST['offered'], HOST['wrong']
FORK, STOCK = 'python-nova-cascading', 'python-nova'
# What yum 3.4.3 says after `--assumeno`; the last line looks like an entry of its table.
LEFT = ('Exiting on user command', 'Your transaction was saved, rerun it with:',
        ' yum load-transaction /tmp/yum_save_tx.2026-11-26.17-21.4F5KWY.yumtx')


def end(status, *lines):
    (PLACE / 'host.json').write_text(json.dumps(HOST))
    print(*lines, sep='\n')
    sys.exit(status)


def provided():
    """What the installed packages provide: the fork, the stock library too."""
    names = {name: evr for name, (evr, _) in INSTALLED.items()}
    return {STOCK: HOST['evr'], **names} if FORK in INSTALLED else names


def unsatisfied():
    return [name for name, (_, needs) in INSTALLED.items() if needs and provided().get(needs) != HOST['evr']]


def remove(name):
    """yum takes along what needs it."""
    del INSTALLED[name]
    while unsatisfied():
        del INSTALLED[unsatisfied()[0]]


def find(spec):
    return next((name for name, (evr, _) in OFFERED.items() if spec in (name, f'{name}-{evr}', f'{name}-{evr}.noarch')
                 and name not in HOST['excluded']), None)


def transaction(removed, added):
    """The table that yum shows."""
    lines = ['Loaded plugins: nova_cascading', 'Resolving Dependencies', '--> Running transaction check',
             *(f'---> Package {name}.noarch 0:{OFFERED[name][0]} will be installed' for name in added),
             '--> Finished Dependency Resolution', '', 'Dependencies Resolved', '',
             '=' * 80, ' Package            Arch      Version     Repository   Size', '=' * 80]
    lines += ['Installing:', *(f' {name}  noarch  {OFFERED[name][0]}  rdo  2.0 M' for name in added)] if added else []
    lines += ['Removing:', *(f' {name}  noarch  1  @x  2.0 M' for name in removed)]
    return [*lines, '', 'Transaction Summary', '=' * 80, 'Install  1 Package', 'Remove   1 Package', '']


def carry_out(removed, added):
    if added and 'download' in WRONG:
        return 1
    if 'disk' in WRONG:
        return 1
    for name in added:
        INSTALLED[name], HOST['files'] = OFFERED[name], name
    for name in removed:
        remove(name)
    return 0


def yum(words):
    is_obsoleted = 'fork on offer' in WRONG and '--setopt=obsoletes=0' not in words
    words = [word for word in words if not word.startswith('-') or word == '--assumeno']
    if words[:1] == ['shell']:
        removed, added = [], []
        for line in sys.stdin.read().splitlines():
            removed += [line.split()[1]] if line.startswith('remove') else []
            added += filter(None, [find(line.split()[1])]) if line.startswith('install') else []
        carry_out(removed, added)
        end(0, 'Leaving Shell')
    if words == ['help', 'swap']:
        end(0 if HOST['has_swap'] else 1)
    if words[:2] == ['list', 'available']:
        end(0 if find(words[-1]) else 1, *(f'{name}.noarch   {evr}   rdo' for name, (evr, _) in OFFERED.items()
                                           if name == words[-1] and name not in HOST['excluded']))
    assert words[0] == 'swap' or words[1] == 'swap', words
    own, added = words[-2], find(words[-1])
    if not HOST['has_swap']:
        end(1, 'No such command: swap. Please use /usr/bin/yum --help')
    if added is None or is_obsoleted:
        end(1, f'No package {words[-1]} available.', 'Nothing to do')
    if '--assumeno' in words:
        end(1, *transaction([own, *HOST['takes_along']], [added]), *LEFT)
    end(carry_out([own], [added]), 'Complete!')


def yumdownloader(words):
    name = find(words[-1])
    if name is None or 'download' in WRONG:
        end(0, f'No Match for argument {words[-1]}')
    pathlib.Path(words[1], f'{name}.rpm').write_text(f'{name} {OFFERED[name][0]}')
    end(0)


def identity(name, evr):
    epoch, _, rest = evr.rpartition(':')
    return f'{name} {epoch or "(none)"} {rest} noarch'


def rpm(words):
    if words[0] == '-K':
        end(1 if 'signature' in WRONG else 0, f'{words[1]}: ' + (
            'sha1 md5 OK' if 'unsigned' in WRONG else 'rsa sha1 (md5) pgp md5 OK'))
    if words[0] == '-i':
        name, evr = pathlib.Path(words[-1]).read_text().split()
        if 'disk' in WRONG:
            end(1, 'installing package needs 30MB on the / filesystem')
        if '--nodeps' not in words:
            end(1, 'error: Failed dependencies:', f'\t{name} is obsoleted by (installed) {FORK}',
                *(f'\t{one} is needed by {name}-{evr}.noarch' for one in HOST['lost']))
        if '--test' not in words:
            INSTALLED[name], HOST['files'] = [evr, None], name
        end(0)
    if words[0] == '-V':
        end(0, '.......T.    /site/nova/exception.py', *(
            [] if words[-1] == HOST['files'] else ['S.5....T.    /site/nova/db/sqlalchemy/models.py']))
    if words[0] == '-e':
        name = next(one for one in INSTALLED if words[-1] in (one, f'{one}-{INSTALLED[one][0]}'))
        kept = INSTALLED.pop(name)
        if unsatisfied():
            INSTALLED[name] = kept
            end(1, 'error: Failed dependencies')
        end(0)
    if '--provides' in words:
        end(0, f'{STOCK} = {HOST["evr"]}', f'{FORK} = {INSTALLED[FORK][0]}')
    if '[%{OBSOLETENAME}\\n]' in words:
        end(0, STOCK)
    if '-p' in words:
        end(0, identity(*pathlib.Path(words[-1]).read_text().split()))
    name = words[-1]
    end(0 if name in INSTALLED else 1, identity(name, INSTALLED[name][0]) if name in INSTALLED else 'not installed')


if __name__ == '__main__':
    {'yum': yum, 'yumdownloader': yumdownloader, 'rpm': rpm}[pathlib.Path(sys.argv[0]).name](sys.argv[1:])
