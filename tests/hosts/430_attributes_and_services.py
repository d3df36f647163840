"""Extended attributes and owners survive; running services are restarted, others are left alone."""

from __future__ import annotations

import pytest

from tests.hosts.lib import unpackaged
from tests.installer_bed import MODELS_PATH, Bed

PARENT = '/opt/stack'
DAEMON = 'import time\nwhile True:\n    time.sleep(60)\n'
UNIT = '[Service]\nExecStart=/opt/venv/bin/python /opt/venv/bin/{program}\n'


@pytest.fixture
def venv_host(make_host, tmp_path):
    """A virtualenv that runs a small nova, with devstack's names for its services."""
    bed = Bed(tmp_path)
    host = make_host('bookworm', 'pip-host')
    host.put(bed.parent, PARENT)
    host.put(bed.bundle, '/srv/bundle')
    host.run('python3 -m venv --without-pip /opt/venv')
    host.write('/opt/venv/lib/python3.11/site-packages/nova.pth', f'{PARENT}\n')
    for program in ('nova-manage', 'nova-conductor', 'nova-compute'):
        host.write(f'/opt/venv/bin/{program}', '#!/opt/venv/bin/python\n' + DAEMON, 0o755)
    host.write('/etc/systemd/system/devstack@n-super-cond.service', UNIT.format(program='nova-conductor'))
    host.write('/etc/systemd/system/devstack@n-cpu.service', UNIT.format(program='nova-compute'))
    return host


def install(host, words=''):
    return host.run(f'NOVA_TEST_CALLS=/dev/null sh /srv/bundle/installation/install.sh {words}')


def test_only_what_runs_is_restarted_under_whatever_name(venv_host):
    host = venv_host
    host.boot()
    host.service('devstack@n-super-cond').start()
    before = host.service('devstack@n-super-cond').pid
    done = install(host)
    assert f'nova: {PARENT}/nova (run by /opt/venv/bin/python)' in done.out
    assert 'restarted nova-conductor' in done.out
    after = host.service('devstack@n-super-cond').pid
    assert after and after != before
    assert not host.service('devstack@n-cpu').is_active
    done = host.run('sh /var/lib/nova-cascading/installer/*/installation/uninstall.sh')
    assert 'restarted nova-conductor' in done.out
    assert host.service('devstack@n-super-cond').pid not in (None, after)


def test_a_process_that_nobody_here_started_is_named_and_left_alone(venv_host):
    host = venv_host
    running = host.spawn('exec /opt/venv/bin/python /opt/venv/bin/nova-compute')
    done = install(host)
    assert 'restart it yourself' in done.out and 'nova-compute' in done.out
    assert running.poll() is None


def test_without_the_database_nothing_is_restarted(venv_host):
    host = venv_host
    host.boot()
    host.service('devstack@n-super-cond').start()
    before = host.service('devstack@n-super-cond').pid
    done = install(host, '--no-db')
    assert 'not restarted: nova-conductor' in done.out and 'nova-cascading db sync' in done.out
    assert host.service('devstack@n-super-cond').pid == before


def test_owner_mode_times_and_security_context_come_back(venv_host):
    host, path = venv_host, f'{PARENT}/{MODELS_PATH}'
    label = 'import os; os.setxattr({!r}, {!r}, {!r})'
    for name, value in (('user.origin', b'by hand'), ('security.selinux', b'system_u:object_r:lib_t:s0')):
        line = label.format(path, name, value)
        host.run(f'python3 -c "{line}"')
    host.run(f'chown 1234:4321 {path} && chmod 0640 {path}')
    before = attributes(host, path)
    prints = unpackaged.fingerprint(host, PARENT)
    install(host)
    assert attributes(host, path)[:3] == before[:3]
    host.run('sh /var/lib/nova-cascading/installer/*/installation/uninstall.sh')
    assert attributes(host, path) == before
    assert unpackaged.fingerprint(host, PARENT) == prints


def attributes(host, path):
    """[owner and mode, the SELinux context, a user attribute, the time in nanoseconds] of a file."""
    program = f'import os; p={path!r}; s=os.stat(p); print(s.st_uid, s.st_gid, oct(s.st_mode)); ' \
              "print(os.getxattr(p, 'security.selinux')); print(os.getxattr(p, 'user.origin')); print(s.st_mtime_ns)"
    return host.run(f'python3 -c "{program}"').out.splitlines()
