"""A reader of banks, units and journals, written from docs/formats.md alone."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TYPES = {"I64": "<i8", "I32": "<i4", "U8": "|u1", "F32": "<f4", "F16": "<f2"}
VERSIONS = {"bank": 2, "units": 1}


class ReadBank(NamedTuple):
    names: list[str]
    masks: np.ndarray
    valid: np.ndarray
    texts: list[str]
    content: str


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def read_container(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray], str]:
    """Manifest, tensors and content hash, all hashes checked."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length], object_pairs_hook=unique)
    says = json.loads(header.pop("__metadata__")["logicx"], object_pairs_hook=unique)
    assert (says["kind"], says["format_version"]) == (kind, VERSIONS[kind])
    assert header.keys() == says["tensors"].keys()
    tensors = {}
    for name, entry in header.items():
        first, last = (8 + length + one for one in entry["data_offsets"])
        dtype, shape = TYPES[entry["dtype"]], tuple(entry["shape"])
        array = np.frombuffer(content[first:last], dtype).reshape(shape)
        found = hashlib.sha256(f"{dtype}{shape}".encode() + content[first:last]).hexdigest()
        assert found == says["tensors"][name]
        tensors[name] = array
    hashed = {"manifest": says["manifest"], "tensors": says["tensors"]}
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == says["content"]
    return says["manifest"], tensors, says["content"]


def check_starts(starts: np.ndarray, end: int) -> None:
    assert starts[0] == 0
    assert starts[-1] == end
    assert (np.diff(starts) >= 0).all()


def lists_of(starts: np.ndarray, numbers: np.ndarray, stop: int) -> list[np.ndarray]:
    check_starts(starts, len(numbers))
    found = [numbers[a:b] for a, b in pairwise(starts)]
    for one in found:
        assert (np.diff(one) > 0).all()
        assert not len(one) or 0 <= one[0] <= one[-1] < stop
    return found


def bits_of(words: np.ndarray, n: int) -> np.ndarray:
    """Packed bits as booleans; those beyond the last must be clear."""
    bits = np.unpackbits(words.view(np.uint8), axis=-1, bitorder="little").astype(bool)
    assert not bits[:, n:].any()
    return bits[:, :n]


def signatures_of_cells(
    universe: dict[str, Any], tensors: dict[str, np.ndarray], n_signatures: int
) -> np.ndarray:
    if universe["kind"] != "pixels":
        found = tensors["of_cell"]
    else:
        n_images, height, width = universe["shape"]
        table, ends = tensors["cell_table"], tensors["cell_table_indptr"]
        check_starts(ends, len(table))
        blocks = tensors["cell_block_starts"]
        check_starts(blocks, n_images)
        parts = []
        for k, (first, last) in enumerate(pairwise(blocks)):
            block, at = tensors[f"cells.{k}"], 0
            for image in range(first, last):
                own = table[ends[image] : ends[image + 1]]
                size = 1 if len(own) <= 256 else 2 if len(own) <= 65536 else 4
                n_bytes = size * height * width
                numbers = block[at : at + n_bytes].view(f"<u{size}")
                assert (numbers < len(own)).all()
                parts.append(own[numbers])
                padded = -(-n_bytes // 4) * 4
                assert not block[at + n_bytes : at + padded].any()
                at += padded
            assert at == len(block)
        found = np.concatenate([np.zeros(0, np.int32), *parts])
    assert ((found >= -1) & (found < n_signatures)).all()
    return found


def read_bank(path: Path) -> ReadBank:
    manifest, tensors, content = read_container(path, "bank")
    names, universe = manifest["names"], manifest["universe"]
    size, count = tensors["size"], tensors["count"]
    n_signatures = len(size)
    of_signature = lists_of(tensors["concepts_indptr"], tensors["concepts_indices"], len(names))
    of_concept = lists_of(tensors["signatures_indptr"], tensors["signatures_indices"], n_signatures)
    cells = signatures_of_cells(universe, tensors, n_signatures)
    assert len(cells) == np.prod(universe["shape"])
    holds = np.zeros((len(names), n_signatures + 1), bool)  # the last for invalid cells
    for concept, signatures in enumerate(of_concept):
        holds[concept, signatures] = True
    for signature, concepts in enumerate(of_signature):
        assert np.flatnonzero(holds[:, signature]).tolist() == concepts.tolist()
    frequent = [c for c, one in enumerate(of_concept) if len(one) >= n_signatures / 32]
    bits = bits_of(tensors["frequent_words"], n_signatures)
    assert (bits == holds[frequent, :-1]).all()
    assert np.bincount(cells[cells >= 0], minlength=n_signatures).tolist() == size.tolist()
    masks = holds[:, cells]
    assert masks.sum(axis=1).tolist() == count.tolist()
    texts: list[str] = []
    if "texts_per_cell" in manifest:
        starts, text = tensors["text_offsets"], tensors["text"].tobytes()
        check_starts(starts, len(text))
        texts = [text[a:b].decode() for a, b in pairwise(starts)]
        assert len(texts) == len(cells) * manifest["texts_per_cell"]
    return ReadBank(names, masks, cells >= 0, texts, content)


def read_units(path: Path) -> tuple[list[str], str, Any]:
    """Names, form, and masks, lists of (signature, count), or activations."""
    manifest, tensors, _ = read_container(path, "units")
    names = manifest["names"]
    if "activations" in manifest:
        per_block = manifest["activations"]["units_per_block"]
        blocks = [tensors[f"activations.{k}"] for k in range(-(-len(names) // per_block))]
        return names, "activations", np.concatenate(blocks)
    if manifest["bank"] is None:
        return names, "masks", bits_of(tensors["cell_words"], manifest["n_cells"])
    starts = tensors["indptr"]
    where = lists_of(starts, tensors["indices"], 1 << 31)
    counts = [tensors["counts"][a:b] for a, b in pairwise(starts)]
    return names, manifest["bank"], list(zip(where, counts, strict=True))


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal, the header first."""
    before, rows = "", []
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        row = json.loads(line)
        check = row.pop("check")
        seal = f', "check": "{check}"}}\n'.encode()
        assert line.endswith(seal)
        body = line[: -len(seal)] + b"}"
        assert hashlib.sha256(before.encode() + body).hexdigest()[:16] == check
        before = check
        rows.append(row)
    return rows
