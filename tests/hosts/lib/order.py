"""Which tests on hosts run one after the other, and in what order the groups start: the longest first."""

from __future__ import annotations

import collections
import json
import os
from pathlib import Path

import pytest

DURATIONS = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'nova-cascading' / 'durations.json'
FIXED = 'NOVA_CASCADING_TEST_DURATIONS'
# Seconds, where no run has been recorded yet: of the files that take longest. Others count as the least of these.
USUAL = {'650_fleet.py': 700, '041_kills.py-bookworm': 390, '211_server_versions.py': 300, '600_virtualenvs.py': 190,
         '092_piuparts.py::test_install_upgrade': 170, '032_one_apt_run.py-bookworm': 170, '540_ocata_control_plane.py':
         155, '010_swap.py': 150, '530_bookworm_control_plane.py': 145, '341_repository_conditions.py': 130,
         '500_icehouse_upstream_tests.py': 130, '000_build.py': 120, '032_one_apt_run.py': 110, '042_sysvinit.py': 100,
         '651_fleet_virtualenvs.py': 95, '130_rpm_way_back.py': 90, '410_every_fault_point.py::test_install': 85,
         '001_build_machines.py': 80, '040_failures.py': 80, '510_icehouse_control_plane.py': 75,
         '045_hostile_local_user.py': 70, '202_migration_kills.py': 70, '043_upstart.py': 70,
         '100_rpm_signed_repository.py': 70, '041_kills.py-bullseye': 65, '208_icehouse_to_today.py': 60,
         '520_icehouse_fleet.py': 55, '310_repository_tampering.py': 55}


def fix() -> None:
    """Let all processes of this run arrange alike, whatever another run records meanwhile."""
    os.environ[FIXED] = DURATIONS.read_text() if DURATIONS.exists() else '{}'


def arrange(items: list[pytest.Item]) -> None:
    """Mark the groups for xdist, and put those first that took longest the last time."""
    known = json.loads(os.environ.get(FIXED, '{}'))
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(group(item), []).append(item)
    for name, members in groups.items():
        for item in members:
            item.add_marker(pytest.mark.xdist_group(name))
    order = sorted(groups, key=lambda name: -known.get(name, usual(name)))
    items[:] = [item for name in order for item in groups[name]]


def group(item: pytest.Item) -> str:
    """Tests that share a host of their module belong together; those that make their own go anywhere."""
    fixtures = [definitions[-1] for definitions in item._fixtureinfo.name2fixturedefs.values()]
    shared = [fixture for fixture in fixtures if fixture.scope == 'module' and fixture.argname != 'module_host']
    if not shared:
        return item.nodeid.rpartition('/')[2]
    chosen = item.callspec.params if hasattr(item, 'callspec') else {}
    values = [str(chosen[fixture.argname]) for fixture in shared if fixture.argname in chosen]
    return '-'.join([item.path.name, *values])


def usual(name: str) -> float:
    """Seconds that a group takes, roughly; a test of a file that is one group of several counts as much as the file."""
    return next((seconds for file, seconds in USUAL.items() if name.startswith(file)), min(USUAL.values()))


def record(reporter: pytest.TerminalReporter) -> None:
    """Keep how long each group took, for the next run."""
    reports = [report for reports in reporter.stats.values() for report in reports
               if isinstance(report, pytest.TestReport)]
    ran = {report.nodeid for report in reports if report.when == 'call' and not report.skipped}
    took: dict[str, float] = collections.defaultdict(float)
    for report in reports:
        if report.nodeid in ran:  # what was skipped would seem quick
            took[report.nodeid.partition('@')[2]] += report.duration
    took.pop('', None)
    if took:
        known = json.loads(DURATIONS.read_text()) if DURATIONS.exists() else {}
        DURATIONS.parent.mkdir(parents=True, exist_ok=True)
        partial = DURATIONS.with_suffix(f'.{os.getpid()}')
        partial.write_text(json.dumps({**known, **took}, indent=1, sort_keys=True))
        partial.replace(DURATIONS)
