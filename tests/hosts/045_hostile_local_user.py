"""A local user plants modules, links and locks: what root runs neither opens nor waits for them."""

from __future__ import annotations

import shlex
import subprocess
import time
from types import SimpleNamespace

import pytest

from builder.package.rpm import preflight
from builder.repository import keyring
from tests.hosts.lib import debs, packages
from tests.hosts.lib.services import wait_for
from tests.hosts.lib.watch import Watch

TRAP = '/srv/trap'
# What Python, nova, our code and the shell look for by name.
MODULES = ('nova', 'oslo_config', 'oslo', 'sqlalchemy', 'pymysql', 'MySQLdb', 'prettytable', 'os', 're', 'site',
           'encodings', 'sitecustomize', 'usercustomize', 'argparse', 'compileall', 'pkg_resources', 'select', 'socket')
PROGRAMS = ('python3', 'nova-cascading', 'systemctl', 'deb-systemd-invoke', 'py3compile', 'none', 'sh')
PLANT = f'''
install -d -m 0777 -o nobody {TRAP}
for name in {' '.join(MODULES)}; do
    install -d -o nobody {TRAP}/$name
    echo 'open("/srv/sprung", "a").write(__name__)' >{TRAP}/$name/__init__.py
    echo 'open("/srv/sprung", "a").write(__name__)' >{TRAP}/$name/__main__.py
done
for name in {' '.join(PROGRAMS)}; do
    printf '#!/bin/sh\\necho program >>/srv/sprung\\n' >{TRAP}/$name
done
mkdir {TRAP}/.nova
printf '[database]\\nconnection = sqlite:///{TRAP}/evil\\n' | tee {TRAP}/nova.conf >{TRAP}/.nova/nova.conf
chmod -R a+rx {TRAP}
chown -R nobody {TRAP}
'''
# sudo keeps some of these, su keeps all. apt's run is without them: stock packages' own scripts heed them.
LEADS = ' '.join(f'{name}={TRAP}' for name in ('PYTHONPATH', 'PYTHONUSERBASE', 'PERL5LIB', 'CDPATH', 'HOME')) \
        + f' PYTHONSTARTUP={TRAP}/os/__init__.py ENV={TRAP}/sh BASH_ENV={TRAP}/sh'
# Everything of the package that others can read, they can lock.
HOLD = """
files=$(find /usr/lib/python3/dist-packages/nova/cascading /usr/bin/nova-cascading -type f)
for file in $files; do setsid flock -n "$file" sleep 3600 >/dev/null 2>&1 & done
until [ "$(pgrep -c -u nobody sleep)" -eq "$(echo "$files" | wc -l)" ]; do sleep 0.1; done
"""
NOBODY = 'setpriv --reuid=nobody --regid=nogroup --clear-groups'


@pytest.fixture(scope='module')
def swapped(module_host, fork_of):
    """A booted controller that root has swapped from within the trap, with apt's hook; what the trap noticed."""
    host = module_host('bookworm', 'stack')
    host.run('systemctl disable nova-api nova-scheduler')  # one service is enough
    host.boot()
    host.run(PLANT)
    fork = fork_of('bookworm', 1, *debs.DEB)
    debs.offer_fork(host, fork)
    host.put(packages.library(fork), '/root/fork.deb')
    host.put(keyring.GUARD, f'/usr/share/nova-cascading/{keyring.HOOK}')
    host.run(f'chmod 755 /usr/share/nova-cascading/{keyring.HOOK}')
    host.put(keyring.SHARE / 'apt.conf', f'/{keyring.APT_CONF}')
    host.write('/root/ask', preflight.text(), 0o755)
    watch = Watch(host.path(TRAP))
    yield SimpleNamespace(host=host, watch=watch, run=lambda line, **more: in_trap(host, watch, line, **more))
    watch.close()


def in_trap(host, watch, line, leads=LEADS, **more):
    watch.opened()
    done = host.run(f'cd {TRAP} && export {leads} && {line}', **more)
    assert (watch.opened(), host.exists('/srv/sprung')) == (set(), False), done
    return done


def test_the_watch_sees_what_is_opened(swapped):
    swapped.host.run(f'cat {TRAP}/re/__init__.py')
    assert swapped.watch.opened() == {'re/__init__.py'}


@pytest.mark.parametrize('ask', ['dpkg-deb --info /root/fork.deb preinst | /bin/sh -s ask /root/fork.deb', '/root/ask'])
def test_the_check_before_an_installation_opens_nothing_of_the_trap(swapped, ask):
    assert swapped.run(ask).status == 0


def test_an_installation_by_apt_with_its_hook_opens_nothing_of_the_trap(swapped):
    done = swapped.run('apt-get install -y python3-nova-cascading', leads=f'CDPATH={TRAP}', timeout=300)
    assert 'restarting nova-conductor' in done.out
    assert debs.FORK in debs.installed(swapped.host) and debs.has_column(swapped.host)
    assert swapped.host.service('nova-conductor').is_active


@pytest.mark.parametrize('line', ['nova-cascading db check --gate', 'nova-cascading status', 'nova-cascading uninstall',
                                  f'{NOBODY} nova-cascading db check --gate',
                                  'dpkg-reconfigure python3-nova-cascading'])
def test_the_gate_and_the_commands_open_nothing_of_the_trap(swapped, line):
    assert 'is a bug' not in swapped.run(line).err


def test_nobody_can_hold_up_a_restart(swapped):
    swapped.host.run(f'{NOBODY} sh -c {shlex.quote(HOLD)}')
    assert int(swapped.host.run('pgrep -c -u nobody sleep').out) > 20
    for path in ('/run/nova-cascading.lock', '/run/nova-cascading.restarting'):
        assert swapped.host.run(f'{NOBODY} flock -n {path} true', check=False).status != 0
        assert swapped.host.run(f'{NOBODY} ln -s /etc/passwd {path}', check=False).status != 0
    start = time.monotonic()
    assert 'restarting nova-conductor' in swapped.run('nova-cascading services restart-running', timeout=120).out
    assert time.monotonic() - start < 60
    assert swapped.host.run('stat -c %U:%a /run/nova-cascading.lock').out == 'root:600\n'
    swapped.host.run('pkill -u nobody sleep')


def test_who_holds_up_a_restart_is_named_and_waited_for_with_an_end(swapped):
    host, lock = swapped.host, '/run/nova-cascading.lock'
    holder = host.spawn(f'exec flock -o {lock} sleep 600')
    wait_for(host, f'! flock -n {lock} true')
    waiting = host.spawn('nova-cascading services restart-running', stdout=subprocess.PIPE)
    assert any('waiting for ' in line for line in waiting.stdout)
    holder.kill()
    assert 'restarting nova-conductor' in waiting.communicate()[0] and waiting.returncode == 0


def test_no_export_follows_a_link_or_lies_where_others_can_replace_it(swapped):
    host = swapped.host
    host.run(f'cd /tmp; {NOBODY} ln -s /etc/cron.d/evil /tmp/out.csv; {NOBODY} ln -s /etc/cron.d /tmp/dir; '
             # the names of an export that is made within the next seconds
             f"{NOBODY} sh -c 'for s in 0 1 2 3; do ln -s /etc/cron.d/evil "
             "/tmp/mappings-nova-$(date -u -d \"+$s sec\" +%Y%m%dT%H%M%SZ).csv.gz; done'")
    refused = host.run('nova-cascading mapping export /tmp/out.csv', check=False)
    assert refused.status == 1 and 'cannot write /tmp/out.csv' in refused.err
    said = host.run('nova-cascading db rollback --export-dir /tmp').out
    exported = said.partition('exported to ')[2].splitlines()[0]
    assert host.run(f'stat -c %F:%U:%a {exported}').out == 'regular file:root:600\n'
    refused = host.run(f'nova-cascading db rollback --export-dir {TRAP}', check=False)
    assert refused.status == 1 and f'{TRAP} belongs to another user' in refused.err
    assert not host.exists('/etc/cron.d/evil')


def test_a_message_bus_that_accepts_and_stays_silent_is_waited_for_with_an_end(swapped):
    host = swapped.host
    host.spawn('exec python3 -c "import socket, time; s = socket.socket(); s.bind((\'127.0.0.1\', 5999)); s.listen(9); '
               'time.sleep(600)"')
    host.sql("UPDATE cell_mappings SET transport_url = 'rabbit://nova:nova@127.0.0.1:5999/' "
             "WHERE transport_url LIKE 'rabbit:%'", 'nova_api')
    start = time.monotonic()
    told = host.run('nova-cascading status', check=False, timeout=120)
    assert told.status == 2 and 'does not answer' in told.out + told.err, told
    assert time.monotonic() - start < 60
