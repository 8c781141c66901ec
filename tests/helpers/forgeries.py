"""Changes of files of every kind: values, bytes and shapes, and their hashes computed anew."""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from forging import put_together, taken_apart

from logicx.runs.journal import _sealed

Random = np.random.Generator
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2, 3, 255, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 48, 1 << 62),
    *((1 << 63) - 1, -(1 << 63), 10**30, 0.5, -0.0, 1e308, float("nan"), float("inf")),
    *("", "x", "\0", "\x1b[2J", "\u202e", "a" * 5000, "../../etc/passwd", "tokens", "pixels"),
    *([], {}, [[]], [None], {"a": 1}, [1, 2, 3], [0] * 100, ["a", "a"], {"": {"": [""]}}),
)
NUMBERS = [one for one in ODD if isinstance(one, int) and abs(one) < 1 << 63] + [64, 65, -2]


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


def forged_vectors(path: Path, random: Random) -> None:
    """Word vectors with other numbers in their header, or other bytes."""
    header, _, body = path.read_bytes().partition(b"\n")
    fields: list[Any] = header.split()
    fields[random.integers(2)] = str(abs(NUMBERS[random.integers(len(NUMBERS))])).encode()
    if random.random() < 0.5:
        body = change_bytes(body, random)
    path.write_bytes(b" ".join(fields) + b"\n" + body)
