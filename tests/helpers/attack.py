"""Forged files by the thousand, each read as a person would: nothing but `LogicxError` may come out.

A program of its own, so that a crash, a hang or a large allocation is that of a process, of which
the test sees the end: `python attack.py FIRST N` reads the files of the seeds FIRST to FIRST + N,
under a limit of memory, and prints what came of them as JSON. Each seed is one file of one kind,
changed at one to three places, its hashes computed anew; a part of them is damaged without that.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import traceback
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from forgeries import (
    Random,
    change_bytes,
    forged_arrays,
    forged_journal,
    forged_json,
    forged_part,
    forged_tensors,
    forged_toml,
    forged_vectors,
)

from logicx import ConceptBank, Units, compile_recipe, explain, open_units, read_journal, score
from logicx.banks.celltexts import CellTexts
from logicx.banks.signatures import GroupCells, Incidence
from logicx.banks.universe import Universe
from logicx.errors import LogicxError
from logicx.probe.partfile import PartFile
from logicx.runs.journal import Journal
from logicx.runs.journaling import run_journal
from logicx.sources.text.vectorfiles import read_binary_vectors, read_text_vectors
from logicx.units.activations import write_activations

ADDRESS_SPACE = 6 << 30
"""Bytes that the process may reserve, with all that is imported and compiled."""
LARGEST = 64
"""How many times its own size a file may cost in memory, beside `USUAL`."""
USUAL = 16 << 20
"""Bytes that a small file may cost: compiled functions, tables of a search."""


# ---- the files


def a_bank(random: Random, universe: Universe | None = None, n_cells: int = 130) -> ConceptBank:
    masks = random.random((6, n_cells)) < random.random((6, 1))
    return ConceptBank.from_masks(
        masks,
        ["water", "blue", "sky", "a b", "hyp:x", "pre:x"],
        categories=["o", "c", "o", "", "", ""],
        valid=random.random(n_cells) < 0.9,
        universe=universe,
        relations={"NEIGHBORS": {"water": ["sky"], "hyp:x": []}},
    )


def image_bank(random: Random) -> ConceptBank:
    n_images, height, width = 5, 6, 7
    sets = Incidence(np.array([0, 1, 3, 4, 4]), np.array([0, 0, 1, 2], np.int32))
    images = [
        GroupCells(sets, random.integers(0, 4, height * width), random.random(42) < 0.9)
        for _ in range(n_images)
    ]
    universe = Universe.pixels(n_images, height, width)
    source = {
        "images": [f"{i}.png" for i in range(n_images)],
        "notes": ["a note"],
        "photographs": "".join(f"{i:08x}" for i in range(n_images)),
    }
    names = ["water", "blue", "sky"]
    return ConceptBank.from_groups(images, names, universe=universe, source=source)


def token_bank(random: Random) -> ConceptBank:
    bank = a_bank(random, Universe.tokens([0, 40, 40, 130]))
    texts = CellTexts.of([f"wort{i}é" for i in range(130)])
    signatures = bank._signatures
    assert signatures is not None
    return ConceptBank(
        "tokens", bank.names, bank.categories, bank.universe, signatures, texts=texts
    )


def some_units(random: Random, n_cells: int = 130) -> Units:
    values = random.random((3, n_cells))
    return Units.from_activations(values, "quantile(0.3)", names=["u", "v", "w"])


def activations(path: Path, random: Random, universe: Universe | None, n_cells: int) -> None:
    rows = [random.standard_normal((n_cells, 3))]
    source = {"layer": "x", "inputs": "0" * 64, "n_batches": 1}
    write_activations(
        path, ["u", "v", "w"], n_cells, "float32", rows, universe=universe, source=source
    )


def make_files(folder: Path) -> None:
    """One good file of each kind."""
    random = np.random.default_rng(0)
    bank, images = a_bank(random), image_bank(random)
    bank.save(folder / "flat.bank")
    images.save(folder / "images.bank")
    token_bank(random).save(folder / "tokens.bank")
    units = some_units(random)
    units.save(folder / "masks.units")
    counted = [units.on(bank, i) for i in range(3)]
    Units.counted(bank, units.names, counted).save(folder / "counted.units")
    activations(folder / "rows.units", random, None, 130)
    activations(folder / "maps.units", random, Universe.pixels(5, 2, 2), 20)
    run_journal(explain(bank, units, length=2, beam=2), folder / "run.jsonl")
    header = {"dtype": "float32", "n_units": 3, "settings": {"bank": "x", "units": "y"}}
    with PartFile(folder / "rows.part", header) as part:
        for n in (5, 7):
            part.append(random.random((n, 3)).astype(np.float32), None, "0" * 64)
        part.append(random.random((8, 3)).astype(np.float32), (3, 5), "1" * 64)
    arrays = {"activations": random.random((3, 130)).astype(np.float32)}
    safetensors.numpy.save_file(arrays, folder / "plain.safetensors")
    np.savez(folder / "plain.npz", names=np.array(["u", "v", "w"]), **arrays)
    np.save(folder / "plain.npy", arrays["activations"])
    masks = random.random((3, 2, 4, 5)) < 0.5
    np.savez(folder / "masks.npz", masks=masks, names=np.array(["water", "blue", "sky"]))
    (folder / "masks.toml").write_text(MASKS_TOML)
    (folder / "near.json").write_text('{"water": ["blue", "sky"], "blue": []}')
    vectors = {word: random.random(3).astype("<f4") for word in ("water", "blue", "sky")}
    binary = b"".join(word.encode() + b" " + one.tobytes() for word, one in vectors.items())
    (folder / "near.bin").write_bytes(b"3 3\n" + binary)
    rows = (f"{word} {' '.join(map(str, one))}\n" for word, one in vectors.items())
    (folder / "near.txt").write_text("3 3\n" + "".join(rows))
    (folder / "people.csv").write_text("color,age,member\nred,1,yes\nblue,22,no\nred,3,\n")
    (folder / "people.toml").write_text(PEOPLE_TOML)


MASKS_TOML = 'kind = "masks"\nneighbors = "near.json"\n[source]\npath = "masks.npz"\n'
PEOPLE_TOML = """kind = "table"
name = "people"
[source]
path = "people.csv"
[columns]
color = "category"
member = "boolean"
age = { kind = "quantiles", bins = 2 }
"""


# ---- reading


def use_bank(path: Path) -> None:
    bank = ConceptBank.open(path)
    explained = bank.universe.n_cells < 1 << 20
    if explained:
        units = Units.from_masks(np.arange(3 * bank.universe.n_cells).reshape(3, -1) % 5 == 0)
        for engine in ("numpy", "numba"):
            list(explain(bank, units, engine=engine, length=3, beam=4, bound_time=0).results())
        score(" OR ".join(f'"{name}"' for name in bank.names[:2]) or "x", bank, units, 0)
    bank.of_cell, bank.cell_map.parts(), bank.packed, bank.n_valid
    for group in range(min(3, bank.universe.n_groups)):
        bank.cell_map.table_of(group)
        if bank.texts is not None and len(bank.texts):
            str(bank.texts[group % len(bank.texts)])
    bank.together_with(0)
    bank.save(path.with_name("again.bank"))


def use_units(path: Path) -> None:
    units = Units.open(path)
    good = path.parent
    for name in ("flat.bank", "images.bank"):
        with suppress(LogicxError):
            bank = ConceptBank.open(good / name)
            for i in range(min(3, len(units))):
                units.on(bank, i)
                units.cut_of(i)
                units.mask(i, bank)
            list(explain(bank, units, length=2, beam=3).results())
    units.n_on  # noqa: B018
    units.save(path.with_name("again.units"))


def use_journal(path: Path) -> None:
    from logicx.analysis.top_cells import unit_table

    journal = read_journal(path)
    bank, units = (path.parent / name for name in ("flat.bank", "masks.units"))
    list(unit_table(journal, ConceptBank.open(bank), Units.open(units), cells=0))
    with Journal(path, {**journal.header}, resume=True):
        pass


def use_part(path: Path) -> None:
    header = {"dtype": "float32", "n_units": 3, "settings": {"bank": "x", "units": "y"}}
    with PartFile(path, header, resume=True) as part:
        list(part.rows())


def use_arrays(path: Path) -> None:
    for axis in (0, 1):
        for threshold in ("quantile(0.2)", "ranges(2)", None):
            with suppress(LogicxError):
                units = open_units(path, threshold, unit_axis=axis)
                units.n_on  # noqa: B018
    for layout in ("nhw", "btd", "nchw"):
        with suppress(LogicxError):
            open_units(path, layout=layout)
    open_units(path)


def use_recipe(path: Path) -> None:
    bank = compile_recipe(path)
    bank.save(path.with_name("again.bank"))


def use_neighbors(path: Path) -> None:
    use_recipe(path.with_name("masks.toml"))


def use_vectors(path: Path) -> None:
    read = read_binary_vectors if path.suffix == ".bin" else read_text_vectors
    for wanted in ({"water", "blue"}, None):
        options = () if path.suffix == ".bin" else (True,)
        read(path, *options, wanted)


Kind = tuple[str, Callable[[Path, Random], None], Callable[[Path], None]]
KINDS: tuple[Kind, ...] = (
    ("flat.bank", forged_tensors, use_bank),
    ("images.bank", forged_tensors, use_bank),
    ("tokens.bank", forged_tensors, use_bank),
    ("masks.units", forged_tensors, use_units),
    ("counted.units", forged_tensors, use_units),
    ("rows.units", forged_tensors, use_units),
    ("maps.units", forged_tensors, use_units),
    ("run.jsonl", forged_journal, use_journal),
    ("rows.part", forged_part, use_part),
    ("plain.safetensors", forged_arrays, use_arrays),
    ("plain.npz", forged_arrays, use_arrays),
    ("plain.npy", forged_arrays, use_arrays),
    ("masks.toml", forged_toml, use_recipe),
    ("people.toml", forged_toml, use_recipe),
    ("near.json", forged_json, use_neighbors),
    ("near.bin", forged_vectors, use_vectors),
    ("near.txt", forged_vectors, use_vectors),
)


def attack(seed: int, good: Path, folder: Path) -> tuple[str, str, str]:
    """Forge and read one file: its kind, what came of it, and the traceback of what must not be."""
    random = np.random.default_rng(seed)
    name, forge, use = KINDS[seed % len(KINDS)]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    path = folder / name
    if random.random() < 0.15:
        path.write_bytes(change_bytes(path.read_bytes(), random))
    else:
        try:
            forge(path, random)
        except Exception:  # no file can say that, such as a hash of half a character
            return name, "impossible", ""
    n_bytes = sum(one.stat().st_size for one in folder.iterdir())
    tracemalloc.start()
    try:
        use(path)
        came = "read"
    except LogicxError as error:
        came, _ = "refused", str(error)
    except BaseException:
        return name, "failed", traceback.format_exc(limit=-6)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    if peak > LARGEST * n_bytes + USUAL:
        return name, "failed", f"{peak:,} bytes were allocated for files of {n_bytes:,}"
    return name, came, ""


def main(first: int, n: int) -> None:
    import warnings
    from resource import RLIMIT_AS, setrlimit

    warnings.simplefilter("ignore")
    counts: dict[str, Counter[str]] = {name: Counter() for name, _, _ in KINDS}
    failures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as root:
        good, folder = Path(root, "good"), Path(root, "forged")
        good.mkdir()
        make_files(good)
        for name, _, use in KINDS:  # all is imported and compiled, and good files are good
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(good, folder)
            use(folder / name)
        setrlimit(RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        for seed in range(first, first + n):
            print(seed, file=sys.stderr)
            name, came, why = attack(seed, good, folder)
            counts[name][came] += 1
            if why:
                failures.append({"seed": seed, "kind": name, "why": why})
    print(json.dumps({"counts": counts, "failures": failures}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
