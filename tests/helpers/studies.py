"""What tests of the example studies share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run_study(example: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`study.py` of an example, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(example / "study.py"), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)
