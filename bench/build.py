#!/usr/bin/python3
"""How long ./build.sh takes on the stock nova, beside what a user would run instead, in one run.

  usage: bench/build.py [--runs N]

Compared, on the same tree and machine, warm caches, the best of N runs (3):
  ./build.sh --only deb; ./build.sh (deb and rpm)
  dpkg-buildpackage with `dh $@ --with python3` as it comes from debhelper
  rpmbuild with xz payload and its default scripts
  py2dsc-deb (stdeb, from PyPI) on the sdist of the same release
Needs root for the tools it installs; prints a table of seconds, processor seconds (which a busy machine changes less)
and peak memory (MB, of the largest process).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from builder.common import tools  # noqa: E402
from builder.common.model import Tree  # noqa: E402
from builder.source.obtain import obtain  # noqa: E402

RULES = '#!/usr/bin/make -f\n%:\n\tdh $@ --with python3 --buildsystem=none\noverride_dh_auto_install:\n' \
        '\tmkdir -p debian/nova-bench/usr/lib/python3/dist-packages\n' \
        '\tcp -r nova *.egg-info debian/nova-bench/usr/lib/python3/dist-packages/\n'
CONTROL = 'Source: nova-bench\nMaintainer: Bench <bench@example.invalid>\nBuild-Depends: debhelper-compat (= 13)\n' \
          'Standards-Version: 4.6.2\n\nPackage: nova-bench\nArchitecture: all\n' \
          'Depends: ${misc:Depends}, ${python3:Depends}\nDescription: benchmark\n debhelper as it comes\n'
CHANGELOG = 'nova-bench ({0}-1) unstable; urgency=low\n\n  * Benchmark.\n\n' \
            ' -- Bench <bench@example.invalid>  Thu, 01 Jan 2015 00:00:00 +0000\n'
SPEC = '''Name: nova-bench
Version: {0}
Release: 1
Summary: benchmark
License: Apache-2.0
BuildArch: noarch
AutoReqProv: yes
Source0: nova-bench.tar.gz
%define _binary_payload w6.xzdio
%description
The same tree, built with the defaults of rpm.
%prep
%setup -q -n tree
%install
mkdir -p %{{buildroot}}/usr/lib/python3/dist-packages
cp -r nova *.egg-info %{{buildroot}}/usr/lib/python3/dist-packages/
%files
/usr/lib/python3/dist-packages
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=3)
    runs = parser.parse_args().runs
    tools.need(['dpkg-buildpackage', 'dh', 'dh_python3', 'rpmbuild'])
    with tempfile.TemporaryDirectory(prefix='bench-build-') as name:
        work = Path(name)
        tree = obtain(None, work / 'source')
        copy_tree(tree, work / 'tree')
        rows = [measure(label, command, work, runs) for label, command in contestants(work, tree.version)]
    print(f'\nnova {tree.version}, best of {runs}:\n{"":42}{"seconds":>9}{"CPU s":>9}{"peak MB":>9}')
    for label, seconds, busy, peak in rows:
        print(f'{label:42}{seconds:9.1f}{busy:9.1f}{peak:9.0f}')
    return 0


def copy_tree(tree: Tree, to: Path) -> None:
    to.mkdir()
    shutil.copytree(tree.path / 'nova', to / 'nova', symlinks=True)
    shutil.copytree(tree.egg_info, to / tree.egg_info.name)


def contestants(work: Path, version: str) -> list[tuple[str, list[str]]]:
    return [
        ('./build.sh --only deb', [str(PROJECT / 'build.sh'), '--only', 'deb', '--to', str(work / 'dist')]),
        ('./build.sh (deb and rpm)', [str(PROJECT / 'build.sh'), '--to', str(work / 'dist')]),
        ("dpkg-buildpackage, debhelper's defaults", prepare_debhelper(work, version)),
        ('rpmbuild, xz payload', prepare_rpmbuild(work, version)),
        ('py2dsc-deb (stdeb) on the sdist', prepare_stdeb(work, version)),
    ]


def prepare_debhelper(work: Path, version: str) -> list[str]:
    debian = work / 'debhelper' / 'debian'
    shutil.copytree(work / 'tree', debian.parent)
    (debian / 'source').mkdir(parents=True)
    (debian / 'source' / 'format').write_text('3.0 (native)\n')
    (debian / 'rules').write_text(RULES)
    (debian / 'rules').chmod(0o755)
    (debian / 'control').write_text(CONTROL)
    (debian / 'changelog').write_text(CHANGELOG.format(version).replace('-1)', ')'))
    return ['sh', '-c', f'cd {debian.parent} && dpkg-buildpackage -us -uc -d']


def prepare_rpmbuild(work: Path, version: str) -> list[str]:
    top = work / 'rpmbuild'
    (top / 'SOURCES').mkdir(parents=True)
    subprocess.run(['tar', '-czf', top / 'SOURCES' / 'nova-bench.tar.gz', '-C', work, 'tree'], check=True)
    (top / 'nova-bench.spec').write_text(SPEC.format(version))
    return ['rpmbuild', '-ba', '--define', f'_topdir {top}', str(top / 'nova-bench.spec')]


def prepare_stdeb(work: Path, version: str) -> list[str]:
    venv = work / 'stdeb'
    subprocess.run([sys.executable, '-m', 'venv', '--system-site-packages', venv], check=True)
    subprocess.run([venv / 'bin/pip', '-q', 'install', 'stdeb'], check=True)
    subprocess.run([venv / 'bin/pip', '-q', 'download', '--no-deps', '--no-binary', ':all:', '--no-build-isolation',
                    '-d', work / 'sdist', f'nova=={version}'], check=True)
    sdist = next((work / 'sdist').iterdir())
    return ['sh', '-c', f'cd {work} && rm -rf deb_dist && PATH={venv}/bin:$PATH py2dsc-deb {sdist}']


def measure(label: str, command: list[str], work: Path, runs: int) -> tuple[str, float, float, float]:
    best = busy = float('inf')
    peak = 0.0
    for number in range(runs):
        print(f'{label}, run {number + 1} of {runs} …', file=sys.stderr, flush=True)
        with (work / 'log').open('wb') as log:
            start = time.monotonic()
            child = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            sys.stderr.write((work / 'log').read_text(errors='replace')[-2000:])
            raise SystemExit(f'{label} failed')
        best, peak = min(best, time.monotonic() - start), max(peak, usage.ru_maxrss / 1024)
        busy = min(busy, usage.ru_utime + usage.ru_stime)
    return label, best, busy, peak


if __name__ == '__main__':
    sys.exit(main())
