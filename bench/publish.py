#!/usr/bin/python3
"""Adding one package to a repository of 1,000: ./build.sh publish beside reprepro, aptly and createrepo_c.

  usage: bench/publish.py [--packages N] [--runs N] [--only TEXT]

Every tool gets the same packages on the same machine and signs with the same RSA 4096 key; the best of N runs (5)
counts, each adding a package of its own. reprepro makes the indexes that we make (plain, gzip, the same architectures
but binary-all, which it does not know); aptly has bzip2 in addition. createrepo_c --update only writes metadata:
neither the package nor the metadata is signed.
Installs reprepro and aptly when they are missing (root). Prints a table of seconds (elapsed, and of
processor time: what counts on a busy machine) and peak memory (MB).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from builder.common import needs, tools  # noqa: E402
from builder.repository import apt  # noqa: E402

CHUNK = 500  # subpackages of one run of rpmbuild
ARCHITECTURES = [name for name in apt.ARCHITECTURES if name != 'all']  # reprepro refuses that one

DEPENDS = ', '.join(f'python3-oslo.dependency-number-{number} (>= {number}.2.3)' for number in range(60))
CONTROL = '''Package: nova-bench-{0}
Source: nova-bench
Version: 2:26.2.2-1~deb12u3+cascading1
Architecture: all
Maintainer: Bench <bench@example.invalid>
Section: python
Priority: optional
Depends: {1}
Description: OpenStack Compute, benchmark package {0}
 A package with the dependencies that nova has.
'''
SPEC = '''%global _binary_payload w1.gzdio
Name: nova-bench
Version: 26.2.2
Release: 1.el9.cascading1
Summary: benchmark
License: Apache-2.0
BuildArch: noarch
%description
Benchmark.
{0}
%install
mkdir -p %{{buildroot}}/usr/share/nova-bench
for number in $(seq {1} {2}); do echo $number >%{{buildroot}}/usr/share/nova-bench/$number; done
'''
SUBPACKAGE = '''%package -n nova-bench-{0}
Summary: benchmark package {0}
Requires: {1}
%description -n nova-bench-{0}
A package with the dependencies that nova has.
%files -n nova-bench-{0}
/usr/share/nova-bench/{0}
'''


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--packages', type=int, default=1000, metavar='N')
    parser.add_argument('--runs', type=int, default=5, metavar='N')
    parser.add_argument('--only', default='', metavar='TEXT', help='only the rows whose name has TEXT (all)')
    args = parser.parse_args()
    tools.need([*needs.of_command('bench'), *needs.of_command('publish')])
    with tempfile.TemporaryDirectory(prefix='bench-publish-', dir='/var/tmp') as work:
        bench = Bench(Path(work), args.packages, args.runs)
        print(f'adding one package to {args.packages}, best of {args.runs} runs\n'
              f'{"":<44}{"seconds":>8}{"CPU s":>7}{"MB":>6}')
        for name, measure in (row for row in bench.rows() if args.only in row[0]):
            seconds, busy, memory = measure()
            print(f'{name:<44}{seconds:>8.2f}{busy:>7.2f}{memory:>6.0f}', flush=True)
    return 0


Cost = tuple[float, float, float]


class Bench:
    """The packages, the key, and one method a tool; each first publishes N packages, then one more a run."""

    def __init__(self, work: Path, count: int, runs: int) -> None:
        self.work, self.count, self.runs = work, count, runs
        os.environ['GNUPGHOME'] = str(work / 'gnupg')
        (work / 'gnupg').mkdir(mode=0o700)
        words = ['--passphrase', '', '--quick-generate-key', 'nova-cascading archive signing key', 'rsa4096', 'sign']
        subprocess.run(['gpg', '--batch', '-q', *words], check=True)

    @cached_property
    def debs(self) -> list[Path]:
        return [self.deb(number) for number in range(1, self.count + self.runs + 1)]

    @cached_property
    def rpms(self) -> list[Path]:
        return self.make_rpms(self.count + self.runs)

    def rows(self) -> list[tuple[str, Callable[[], Cost]]]:
        return [('apt: ./build.sh publish', self.ours_apt), ('apt: reprepro includedeb', self.reprepro),
                ('apt: aptly repo add, publish update', self.aptly), ('yum: ./build.sh publish', self.ours_yum),
                ('yum: createrepo_c --update (nothing signed)', self.createrepo),
                ('yum: rpmsign, createrepo_c --update, gpg', self.createrepo_signed)]

    def deb(self, number: int) -> Path:
        root = self.work / 'deb'
        (root / 'DEBIAN').mkdir(parents=True, exist_ok=True)
        (root / 'DEBIAN/control').write_text(CONTROL.format(number, DEPENDS))
        to = self.work / 'debs' / f'nova-bench-{number}_26.2.2-1~deb12u3+cascading1_all.deb'
        to.parent.mkdir(exist_ok=True)
        subprocess.run(['dpkg-deb', '-Zgzip', '-z1', '-b', root, to], check=True, capture_output=True)
        return to

    def make_rpms(self, count: int) -> list[Path]:
        requires = DEPENDS.replace('(', '').replace(')', '')
        spec = self.work / 'bench.spec'
        for first in range(1, count + 1, CHUNK):
            last = min(first + CHUNK - 1, count)
            subpackages = [SUBPACKAGE.format(number, requires) for number in range(first, last + 1)]
            spec.write_text(SPEC.format('\n'.join(subpackages), first, last))
            subprocess.run(['rpmbuild', '-bb', '--quiet', '--define', f'_topdir {self.work}/rpm', spec], check=True,
                           capture_output=True)
        return [self.work / f'rpm/RPMS/noarch/nova-bench-{number}-26.2.2-1.el9.cascading1.noarch.rpm'
                for number in range(1, count + 1)]

    def best(self, commands: list[list[list]]) -> Cost:
        """The best of several runs, each a list of commands: elapsed and processor seconds, memory in MB."""
        costs = []
        for steps in commands:
            start = time.monotonic()
            done = [run(step) for step in steps]
            costs.append((time.monotonic() - start, sum(busy for busy, _ in done), max(memory for _, memory in done)))
        return tuple(min(column) for column in zip(*costs))

    def build_sh(self, packages: list[Path], name: str) -> Cost:
        target = ['--to', self.work / name, '--url', 'http://mirror.example.org/nova-cascading']
        run([PROJECT / 'build.sh', 'publish', *target, *packages[:self.count]])
        return self.best([[[PROJECT / 'build.sh', 'publish', *target, package]] for package in packages[self.count:]])

    def ours_apt(self) -> Cost:
        return self.build_sh(self.debs, 'ours-apt')

    def ours_yum(self) -> Cost:
        return self.build_sh(self.rpms, 'ours-yum')

    def reprepro(self) -> Cost:
        base = self.work / 'reprepro'
        (base / 'conf').mkdir(parents=True)
        (base / 'conf/distributions').write_text(
            f'Codename: zed-bookworm\nComponents: main\nArchitectures: {" ".join(ARCHITECTURES)}\nSignWith: default\n'
            'DebIndices: Packages Release . .gz\n')
        include = ['reprepro', '-b', base, '--silent', 'includedeb', 'zed-bookworm']
        run([*include, *self.debs[:self.count]])
        return self.best([[[*include, package]] for package in self.debs[self.count:]])

    def aptly(self) -> Cost:
        conf = self.work / 'aptly.conf'
        conf.write_text(f'{{"rootDir": "{self.work}/aptly", "gpgProvider": "gpg"}}')
        aptly = ['aptly', f'-config={conf}']
        architectures = '-architectures=' + ','.join(ARCHITECTURES)
        run([*aptly, 'repo', 'create', '-distribution=zed-bookworm', 'bench'])
        run([*aptly, 'repo', 'add', 'bench', *self.debs[:self.count]])
        run([*aptly, architectures, 'publish', 'repo', '-batch', '-acquire-by-hash', '-skip-contents', 'bench'])
        update = [*aptly, 'publish', 'update', '-batch', '-skip-contents', 'zed-bookworm']
        return self.best([[[*aptly, 'repo', 'add', 'bench', package], update] for package in self.debs[self.count:]])

    def yum_directory(self, name: str) -> Path:
        folder = self.work / name
        folder.mkdir()
        for package in self.rpms[:self.count]:
            shutil.copy(package, folder)
        run(['createrepo_c', '-q', '--no-database', folder])
        return folder

    def createrepo(self) -> Cost:
        folder = self.yum_directory('createrepo')
        update = ['createrepo_c', '-q', '--no-database', '--update', folder]
        return self.best([[['cp', package, folder], update] for package in self.rpms[self.count:]])

    def createrepo_signed(self) -> Cost:
        """What a person types who wants the same result: no switch, no kept indexes, no page."""
        folder = self.yum_directory('createrepo-signed')
        sign = ['rpmsign', '--define', '__gpg /usr/bin/gpg', '--define', '_gpg_name nova-cascading', '--addsign']
        update = ['createrepo_c', '-q', '--no-database', '--update', folder]
        detach = ['gpg', '--batch', '--yes', '-q', '--detach-sign', '--armor', folder / 'repodata/repomd.xml']
        return self.best([[['cp', package, folder], [*sign, folder / package.name], update, detach]
                          for package in self.rpms[self.count:]])


def run(command: list) -> tuple[float, float]:
    """Run a command to its end; its processor seconds and peak memory in MB, children included."""
    process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    said = process.stdout.read() if process.stdout else ''
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f'{" ".join(map(str, command[:6]))} … failed:\n{said[-2000:]}')
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == '__main__':
    sys.exit(main())
