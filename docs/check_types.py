"""Holds the Python of README and docs to `mypy --strict`, as the code of a user.

Each page's blocks are one module, on the lines that they have in the page. It runs from the root of
the checkout, with the settings of `pyproject.toml`, and so shares mypy's cache with `mypy` itself.
Files and folders that are named after it are checked as well.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from mypy.main import main

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def code_of(text: str) -> str:
    """The blocks of a page, with empty lines in place of all else."""
    lines = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        code = block[1].splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines)


def write_modules(folder: Path) -> list[str]:
    """A module for each page that has Python, named as the page."""
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        code = code_of(page.read_text(encoding="utf-8"))
        if code.strip():
            module = folder / f"{page.stem.replace('-', '_')}_md.py"
            module.write_text(code, encoding="utf-8")
            found.append(str(module))
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        checked = [*write_modules(Path(folder)), *sys.argv[1:]]
        main(args=["--config-file", str(ROOT / "pyproject.toml"), *checked])
    sys.exit()
