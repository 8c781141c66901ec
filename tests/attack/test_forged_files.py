"""Files of every kind, forged by the hundred (and, in the long run, by the thousand)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")

PROGRAM = Path(__file__).parents[1] / "helpers" / "attack.py"
FEW = 330
MANY, AT_ONCE = 12_000, 1_500


def attacked(first: int, n: int) -> dict:
    """What came of the files of some seeds; the end of the process is told if it is not its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(PROGRAM.parent)])}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(first), str(n)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=3600,
    )
    told = done.stderr[-2000:]
    assert done.returncode == 0, f"the process ended with {done.returncode} at seed {told}"
    found: dict = json.loads(done.stdout)
    return found


def check(found: dict, n: int) -> None:
    assert found["failures"] == []
    came = [sum(of_kind.get(one, 0) for of_kind in found["counts"].values()) for one in OUTCOMES]
    assert sum(came) == n
    read, refused, impossible = came
    assert refused > n / 2
    assert read > n / 20
    assert impossible < n / 20
    assert all(of_kind["refused"] for of_kind in found["counts"].values())


OUTCOMES = ("read", "refused", "impossible")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by the system")
def test_hundreds_of_forged_files_are_read_or_refused():
    check(attacked(0, FEW), FEW)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by the system")
def test_thousands_of_forged_files_are_read_or_refused():
    for first in range(FEW, FEW + MANY, AT_ONCE):
        found = attacked(first, AT_ONCE)
        print(first, json.dumps(found["counts"]))
        check(found, AT_ONCE)
