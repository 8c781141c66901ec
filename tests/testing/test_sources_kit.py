"""The kit for sources: the built-in ones pass, and each of these mutants fails."""

from __future__ import annotations

import importlib
import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from some_sources import LineSettings, bank_of, lines, source_of, words_of

from logicx import ConceptBank
from logicx.errors import LogicxError
from logicx.sources.source import SOURCE_KIND
from logicx.testing import check_source

LINES = "a man sleeps\na man is awake\ntwo dogs run\ndogs and a man run\n"


def text_in(folder, name, text):
    folder.mkdir()
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("kind", "name", "text", "settings"),
    [
        ("pairs", "d.tok", LINES, {"most_common": 5}),
        ("texts", "d.txt", LINES, {"families": ["word", "form"]}),
        ("tokens", "d.txt", LINES, {}),
        ("table", "d.csv", "color,age\nred,1\nblue,2\nred,3\n", {"color": "category"}),
    ],
)
def test_the_built_in_ones_pass(tmp_path, kind, name, text, settings):
    check_source(kind, text_in(tmp_path / "data", name, text), settings)


def test_masks_pass(tmp_path):
    np.savez(tmp_path / "m.npz", masks=np.eye(3, dtype=bool), names=np.array(["a", "b", "c"]))
    check_source("masks", tmp_path / "m.npz")


def test_a_folder_of_images_passes(tmp_path):
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path / "data"
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
        pixels = (
            np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
            if kind == "images"
            else np.eye(4, dtype=np.uint8)
        )
        image.fromarray(pixels).save(folder / kind / "0.png")
    (folder / "labels.tsv").write_text("index\tname\n0\tsky\n1\tcar\n")
    check_source("images", folder, {"grid": [4, 4]})


def with_paths(path, settings, **told):
    bank = lines(path, settings, **told)
    bank.source["path"] = str(path)
    return bank


CALLS = itertools.count()


def counting(path, settings, **told):
    bank = lines(path, settings, **told)
    bank.source["call"] = next(CALLS)
    return bank


def writing(path, settings, **told):
    bank = lines(path, settings, **told)
    path.write_text(path.read_text() + "\n")
    return bank


def needs_progress(path, settings, *, name, source, progress):
    progress(1, 1)
    return lines(path, settings, name=name, source=source, progress=None)


def beyond_its_end(path, settings, *, name, source, progress):
    if progress:
        progress(3, 2)
    return lines(path, settings, name=name, source=source, progress=None)


def raw(path, settings, *, name, source, progress):
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return bank_of(rows, sorted({word for row in rows for word in row}), name=name)


def takes_anything(path, settings, *, name, source, progress):
    rows = path.read_bytes().split(b"\n")
    return bank_of([["a"] for _ in rows], ["a"], name=name)


def twice(path, settings, *, name, source, progress):
    return bank_of(words_of(path), ["man", "man"], name=name)


def with_objects(path, settings, **told):
    bank = lines(path, settings, **told)
    bank.source["settings"] = settings
    return bank


def without_concepts(path, settings, *, name, source, progress):
    return ConceptBank.from_masks(np.zeros((0, len(words_of(path))), bool), [], name=name)


class NoDataClass:
    first: int = 0


@dataclass
class Odd:
    first: complex = 0j


MUTANTS = {
    "masks": source_of(lambda path, settings, **told: np.eye(3, dtype=bool)),
    "None": source_of(lambda path, settings, **told: words_of(path) and None),
    "two concepts of one name": source_of(twice),
    "no concept": source_of(without_concepts),
    "knows where the data lie": source_of(with_paths),
    "another bank each time": source_of(counting),
    "writes to the data": source_of(writing),
    "needs somebody who looks at progress": source_of(needs_progress),
    "more steps than there are": source_of(beyond_its_end),
    "does not say what is wrong with data": source_of(raw),
    "takes anything": source_of(takes_anything),
    "takes any setting": source_of(
        lambda path, settings, **told: lines(path, LineSettings(), **told),
        settings=lambda given: given,
    ),
    "a source that is no plain values": source_of(with_objects),
    "fails": source_of(lambda path, settings, **told: 1 // 0),
    "other arguments": source_of(lambda path: lines(path, LineSettings())),
    "settings that are no data class": source_of(lines, settings=NoDataClass),
    "settings of an unknown type": source_of(lines, settings=Odd),
    "settings that are no class": source_of(lines, settings=5),
    "no doc": source_of(lines, doc=""),
    "no word": source_of(lines, name="My lines"),
    "the kind of another": source_of(lines, name="texts"),
    "no source": lines,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(tmp_path, mutant):
    data = text_in(tmp_path / "data", "d.txt", LINES)
    with pytest.raises((AssertionError, LogicxError)):
        check_source(MUTANTS[mutant], data)


def test_one_that_walks_through_a_set_fails(tmp_path):
    data = text_in(tmp_path / "data", "d.txt", LINES)
    with SOURCE_KIND.scope():
        importlib.reload(importlib.import_module("unordered_source"))
        with pytest.raises(AssertionError, match="another bank in another process"):
            check_source("unordered", data)


def test_one_of_ones_own_passes(tmp_path):
    check_source(source_of(lines), text_in(tmp_path / "data", "d.txt", LINES), {"first": 1})
