"""A package installed into an environment of its own, which sees our packages and this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Environment:
    """An environment in a folder, in which Python code and commands of logicx are run."""

    def __init__(self, folder: Path, package: Path) -> None:
        """Make it, and install a package without a network."""
        self.folder = folder
        venv.create(folder / "env", with_pip=False, symlinks=os.name != "nt")
        self.python = next(
            path
            for path in (folder / "env" / "bin" / "python", folder / "env/Scripts/python.exe")
            if path.exists()
        )
        paths = {"base": str(folder / "env"), "platbase": str(folder / "env")}
        site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
        shared = sysconfig.get_path("purelib")
        (site / "shared.pth").write_text(f"{ROOT}\n{shared}\n", encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
        done = subprocess.run(
            [*pip, "--no-build-isolation", "--target", str(site), str(package)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def run(self, *arguments: str, **variables: str) -> str:
        """What Python prints there; warnings are errors."""
        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTHON", "LOGICX"))
        }
        done = subprocess.run(
            [str(self.python), "-W", "error", *arguments],
            cwd=self.folder,
            env={**env, "PYTHONUTF8": "1", **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def logicx(self, *arguments: str, **variables: str) -> str:
        """What a command of logicx prints there."""
        return self.run("-c", "from logicx.cli import main; main()", *arguments, **variables)
