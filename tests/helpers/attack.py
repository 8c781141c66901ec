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
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from forging import put_together, taken_apart

from logicx import ConceptBank, Units, compile_recipe, explain, open_units, read_journal, score
from logicx.banks.celltexts import CellTexts
from logicx.banks.signatures import GroupCells, Incidence
from logicx.banks.universe import Universe
from logicx.errors import LogicxError
from logicx.probe.partfile import PartFile
from logicx.runs.journal import Journal, _sealed
from logicx.runs.journaling import run_journal
from logicx.units.activations import write_activations

ADDRESS_SPACE = 6 << 30
"""Bytes that the process may reserve, with all that is imported and compiled."""
LARGEST = 64
"""How many times its own size a file may cost in memory, beside `USUAL`."""
USUAL = 16 << 20
"""Bytes that a small file may cost: compiled functions, tables of a search."""

Random = np.random.Generator
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2, 3, 255, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 48, 1 << 62),
    *((1 << 63) - 1, -(1 << 63), 10**30, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *("", "x", "\0", "\x1b[2J", "\u202e", "a" * 5000, "../../etc/passwd", "tokens", "pixels"),
    *([], {}, [[]], [None], {"a": 1}, [1, 2, 3], [0] * 100, ["a", "a"], {"": {"": [""]}}),
)
NUMBERS = [one for one in ODD if isinstance(one, int) and abs(one) < 1 << 63] + [64, 65, -2]


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
    source = {"images": [f"{i}.png" for i in range(n_images)], "notes": ["a note"]}
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


# ---- changes


def change_value(values: Any, random: Random) -> None:
    """Put something odd at a random place of plain values, or take it away."""
    while True:
        keys = list(values) if isinstance(values, dict) else list(range(len(values)))
        if not keys:
            return
        key = keys[random.integers(len(keys))]
        inner = values[key]
        if isinstance(inner, (dict, list)) and inner and random.random() < 0.75:
            values = inner
            continue
        sort = random.integers(6)
        if sort == 0:
            del values[key]
        elif sort == 1 and isinstance(values, dict):
            values["mood"] = values[key]
        elif sort == 1:
            values.append(values[key])
        elif sort == 2:
            other = keys[random.integers(len(keys))]
            values[key], values[other] = values[other], values[key]
        elif sort == 3 and type(inner) is int:
            values[key] = max(0, inner + int(random.integers(-2, 3)))
        elif sort == 3 and isinstance(inner, list) and inner:
            random.shuffle(inner)
        else:
            values[key] = ODD[random.integers(len(ODD))]
        return


def change_tensor(tensors: dict[str, np.ndarray], random: Random) -> None:
    """Change a random tensor: values, length, shape, type; or take it away."""
    names = list(tensors)
    name = names[random.integers(len(names))]
    array = tensors[name]
    sort = random.integers(18)
    if sort > 11 and array.size:  # what is more like the truth
        flat = array.reshape(-1)
        i, k = random.integers(array.size, size=2)
        if sort > 15 and array.dtype.kind in "iu":
            flat[i] += array.dtype.type(1)
        elif sort > 13:
            flat[i] = flat[k]
        else:
            flat[[i, k]] = flat[[k, i]]
    elif sort < 5 and array.size and array.dtype.kind in "iufb":
        flat = array.reshape(-1)
        first = random.integers(array.size)
        stop = first + 1 if sort < 3 else random.integers(first, array.size) + 1
        with np.errstate(all="ignore"):
            number = NUMBERS[random.integers(len(NUMBERS))]
            if array.dtype.kind == "f":
                flat[first:stop] = (np.nan, np.inf, 1e38, -1e-45, 0)[random.integers(5)]
            else:
                flat[first:stop] = np.array(number, np.int64).astype(array.dtype)
    elif sort == 5:
        tensors[name] = array[: len(array) // 2] if array.ndim else array
    elif sort == 6:
        tensors[name] = np.concatenate([array, array]) if array.ndim else array
    elif sort == 7:
        tensors[name] = array.reshape(-1, *[1] * random.integers(3))
    elif sort == 8 and array.dtype.kind in "iuf":
        with np.errstate(all="ignore"):
            tensors[name] = array.astype(("i4", "i8", "u1", "f4", "f8", "?")[random.integers(6)])
    elif sort == 9:
        tensors[name] = tensors[names[random.integers(len(names))]]
    elif sort == 10:
        del tensors[name]
    else:
        tensors[name] = random.permutation(array)


def change_bytes(content: bytes, random: Random) -> bytes:
    """Damage without any hash computed anew."""
    made = bytearray(content)
    if not made:
        return content
    for _ in range(random.integers(1, 4)):
        at = int(random.integers(max(1, len(made))))
        sort = random.integers(6)
        if sort == 0:
            made = made[:at]
        elif sort == 1:
            made[at : at + 8] = bytes(random.integers(0, 256, 8, dtype=np.uint8))
        elif sort == 2:
            made[at:at] = made[at // 2 : at]
        elif sort == 3:
            made[:8] = int(NUMBERS[random.integers(len(NUMBERS))] & (1 << 63) - 1).to_bytes(
                8, "little"
            )
        else:
            made[at : at + 1] = bytes([random.integers(256)])
    return bytes(made)


def forged_tensors(path: Path, random: Random) -> None:
    tensors, manifest, kind = taken_apart(path)
    for _ in range(random.choice(3, p=[0.7, 0.2, 0.1]) + 1):
        if random.random() < 0.65 and tensors:
            change_tensor(tensors, random)
        else:
            change_value(manifest, random)
    put_together(path, {k: np.ascontiguousarray(v) for k, v in tensors.items()}, manifest, kind)


def forged_journal(path: Path, random: Random) -> None:
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    for _ in range(random.integers(1, 4)):
        change_value(rows, random)
    if random.random() < 0.1:
        rows.insert(1, {"unit": "deep", "nested": None})
    check, lines = "", []
    for row in rows:
        if isinstance(row, dict):
            row.pop("check", None)
        body = json.dumps(row).encode()
        if b'"nested": null' in body:
            body = body.replace(b"null", b"[" * 100_000 + b"]" * 100_000)
        line, check = _sealed({}, check, body)
        lines.append(line)
    path.write_bytes(b"".join(lines))


def forged_part(path: Path, random: Random) -> None:
    """Batches whose lines say otherwise, sealed anew."""
    with path.open("rb") as file:
        head = file.readline()
        check, made = sha256(head).hexdigest(), [head]
        for _ in range(3):
            says = json.loads(file.readline())
            n, m = says["shape"]
            data = file.read(n * m * 4)
            del says["check"]
            if random.random() < 0.6:
                change_value(says, random)
            line = json.dumps(says).encode()
            found = sha256(check.encode() + line)
            found.update(data)
            check = found.hexdigest()
            made += [line[:-1] + f', "check": "{check}"}}\n'.encode(), data]
    path.write_bytes(b"".join(made))


def forged_arrays(path: Path, random: Random) -> None:
    if path.suffix == ".npy":
        tensors = {"": np.load(path)}
    elif path.suffix == ".npz":
        with np.load(path) as opened:
            tensors = {name: opened[name] for name in opened.files}
    else:
        tensors = safetensors.numpy.load_file(path)
    for _ in range(random.integers(1, 3)):
        if tensors:
            change_tensor(tensors, random)
    tensors = {name: np.ascontiguousarray(one) for name, one in tensors.items()}
    if path.suffix == ".npy":
        np.save(path, tensors.get("", np.zeros(0)))
    elif path.suffix == ".npz":
        np.savez(path, **tensors)
        if random.random() < 0.3:
            forge_shape(path, random)
    else:
        safetensors.numpy.save_file(tensors, path)


def forge_shape(path: Path, random: Random) -> None:
    """An array in an `.npz` whose own header claims another shape."""
    import zipfile

    with zipfile.ZipFile(path) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    name = list(members)[random.integers(len(members))]
    head = BytesIO()
    huge = int(NUMBERS[random.integers(len(NUMBERS))])
    shape = [(huge,), (huge, 0), (0, huge), (huge, 3)][random.integers(4)]
    descr = ("<f4", "<i8", "|b1", "<U4", "|O")[random.integers(5)]
    with suppress(ValueError, OverflowError):
        np.lib.format.write_array_header_1_0(
            head, {"descr": descr, "fortran_order": False, "shape": shape}
        )
        members[name] = head.getvalue() + members[name][128:]
    with zipfile.ZipFile(path, "w") as made:
        for one, content in members.items():
            made.writestr(one, content)


def forged_json(path: Path, random: Random) -> None:
    values = json.loads(path.read_bytes())
    for _ in range(random.integers(1, 4)):
        change_value(values, random)
    path.write_text(json.dumps(values))


def forged_toml(path: Path, random: Random) -> None:
    """Some values and keys exchanged for others; the data of the recipe likewise."""
    lines = path.read_text().splitlines()
    odd = ['"x"', "3", "-1", "true", "[]", "{}", '"../x"', '""', "1e400", "nan", "[[[[1]]]]"]
    odd += ['"\\u0000"', '"masks"', '"table"', '"tokens"', '"people.csv"', "9223372036854775808"]
    for _ in range(random.integers(1, 4)):
        i = random.integers(len(lines))
        key, equals, _ = lines[i].partition(" = ")
        sort = random.integers(4)
        if sort < 2 and equals:
            lines[i] = f"{key} = {odd[random.integers(len(odd))]}"
        elif sort == 2:
            lines[i] = f"{'ab.'[random.integers(3)]}x = {odd[random.integers(len(odd))]}"
        elif random.random() < 0.2:
            lines.insert(random.integers(len(lines)), lines[i])
    path.write_text("\n".join(lines))
    for name in ("people.csv", "masks.npz", "near.json"):
        beside = path.with_name(name)
        if random.random() < 0.2:
            beside.write_bytes(change_bytes(beside.read_bytes(), random))


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
    open_units(path)


def use_recipe(path: Path) -> None:
    bank = compile_recipe(path)
    bank.save(path.with_name("again.bank"))


def use_neighbors(path: Path) -> None:
    use_recipe(path.with_name("masks.toml"))


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
