"""Operators on single concepts as atoms of a search, and neighbours from real word vectors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from logicx import ConceptBank, Units, any_of, compile_recipe, explain, operator, parse, score
from logicx.errors import DataError, FileError, LogicxError, OptionError
from logicx.language.registry import OPERATORS
from logicx.scoring.counts import evaluate
from logicx.search.formulas.atoms import atoms_in, atoms_of, with_atoms
from logicx.search.formulas.support import supported

NAMES = ["couch", "sofa", "bed", "river", "boat"]
NEIGHBORS = {"couch": ["couch", "sofa", "bed"], "river": ["boat"], "boat": []}


def world(seed: int = 0, n_cells: int = 300) -> tuple[ConceptBank, Units, np.ndarray]:
    """A bank with neighbours, and a unit that fires at couch-like words."""
    dice = np.random.default_rng(seed)
    masks = dice.random((5, n_cells)) < 0.12
    bank = ConceptBank.from_masks(masks, NAMES, relations={"NEIGHBORS": NEIGHBORS})
    unit = (masks[0] | masks[1] | masks[2]) & ~masks[3] ^ (dice.random(n_cells) < 0.03)
    return bank, Units.from_masks(unit[None], ["u"]), masks


@pytest.mark.parametrize("seed", range(5))
def test_an_atom_holds_where_any_of_its_words_does(seed):
    bank, _, masks = world(seed)
    more = with_atoms(bank, atoms_of(bank, "auto"))
    assert more.names[5:] == ("NEIGHBORS(couch)", "NEIGHBORS(river)")
    held = more.cells(evaluate(parse('"NEIGHBORS(couch)"'), more))
    assert (held == masks[:3].any(0)).all()
    assert more.count[-1] == masks[4].sum()
    assert (more.size == bank.size).all()
    assert atoms_in(more) == ["concepts", "NEIGHBORS"]
    for one in (more, supported(more, int(more.count.max()))):
        last = one.n_concepts - 1
        assert (evaluate(one.atom(last), one) == evaluate(bank_formula(one, last), bank)).all()


def bank_formula(bank: ConceptBank, i: int):
    return parse(str(bank.atom(i)))


@pytest.mark.parametrize("engine", ["numpy", "numba", "torch:cpu"])
def test_the_beam_uses_it_and_the_score_is_that_of_the_typed_formula(engine):
    if engine != "numpy":
        pytest.importorskip(engine.partition(":")[0])
    bank, units, _ = world()
    (found,) = explain(bank, units, engine=engine)
    assert str(found.formula).startswith("NEIGHBORS(couch) AND NOT river")
    assert found.length == found.formula.n_atoms
    typed = score(str(found.formula), bank, units, "u")
    assert (typed.score, typed.counts) == (found.score, found.counts)
    assert found.settings["atoms"] == ["concepts", "NEIGHBORS"]


@pytest.mark.parametrize("strategy", ["optimal", "exhaustive"])
def test_proofs_use_it(strategy):
    pytest.importorskip("numba")
    bank, units, _ = world()
    (found,) = explain(bank, units, length=2, strategy=strategy)
    assert str(found.formula) == "NEIGHBORS(couch) AND NOT river"
    assert found.is_proven
    assert "of 5 concepts and 2 atoms by NEIGHBORS, repetitions" in found.space
    assert found.counts == score(str(found.formula), bank, units, "u").counts
    (without,) = explain(bank, units, length=2, strategy=strategy, atoms="concepts")
    assert without.score < found.score
    (bounded,) = explain(bank, units, length=2, bound_time=5.0)
    assert bounded.is_proven


def test_the_option_changes_what_is_found():
    bank, units, _ = world()
    (without,) = explain(bank, units, atoms="concepts")
    assert "NEIGHBORS" not in str(without.formula)
    assert without.settings["atoms"] == ["concepts"]
    (by_name,) = explain(bank, units, atoms=["neighbors"])
    assert by_name.formula == next(iter(explain(bank, units))).formula
    (as_published,) = explain(bank, units, preset="compexp")
    assert "NEIGHBORS" not in str(as_published.formula)
    (asked_for,) = explain(bank, units, preset="compexp", atoms="NEIGHBORS")
    assert "NEIGHBORS" in str(asked_for.formula)


def test_what_cannot_be_an_atom_is_refused():
    bank, units, _ = world()
    with pytest.raises(OptionError, match=r"'NEIGHBOURS'[\s\S]*did you mean: NEIGHBORS"):
        explain(bank, units, atoms="NEIGHBOURS")
    for asked, why in (
        ("NOT", "it does not propose"),
        ("auto, NEIGHBORS", "auto stands alone"),
        ("neighbors(couch)", "the keyword stands alone"),
    ):
        name = re.escape(asked.split(",")[0])
        with pytest.raises(OptionError, match=f"'{name}' cannot make atoms of concepts: {why}"):
            explain(bank, units, atoms=asked)
    plain = ConceptBank.from_masks(np.eye(3, dtype=bool), ["a", "b", "c"])
    with pytest.raises(OptionError, match="applies to no concept"):
        explain(plain, Units.from_masks(np.eye(3, dtype=bool)), atoms="NEIGHBORS")


def test_an_operator_of_ones_own_says_where_it_applies():
    bank, units, _ = world()
    with OPERATORS.scope():

        @operator(
            "KIN",
            kind="rewrite",
            args=1,
            example="KIN(couch)",
            proposes=lambda bank: [name for name in bank.names if name.startswith("c")],
        )
        def kin(bank, concept):
            """The concept or the one after it."""
            following = bank.names[bank.names.index(concept.name) + 1]
            return concept | parse(following)

        atoms = [str(one) for one in atoms_of(bank, "auto")]
        assert atoms == ["NEIGHBORS(couch)", "NEIGHBORS(river)", "KIN(couch)"]
        (found,) = explain(bank, units, length=1, atoms="KIN")
        assert str(found.formula) == "KIN(couch)"


# ---- neighbours in recipes, from the real vectors that gensim ships


def recipe(folder: Path, neighbors: str) -> Path:
    (folder / "pairs.tok").write_text("the people said that it was\nhis government was new\n" * 5)
    path = folder / "mine.toml"
    path.write_text(
        'kind = "pairs"\n[source]\npath = "pairs.tok"\n[pairs]\nfamilies = ["word", "overlap"]\n'
        + neighbors
    )
    return path


def glove(folder: Path) -> Path:
    gensim = pytest.importorskip("gensim")
    data = Path(gensim.__file__).parent / "test" / "test_data" / "test_glove.txt"
    path = folder / "glove.txt"
    path.write_bytes(data.read_bytes())
    return path


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_recipe_takes_vectors_and_the_bank_needs_them_no_more(tmp_path):
    vectors = glove(tmp_path)
    bank = compile_recipe(recipe(tmp_path, '[neighbors]\nvectors = "glove.txt"\nn = 2\n'))
    near = bank.relations["NEIGHBORS"]["pre:people"]
    assert near[0] == "pre:people"
    assert all(one.startswith("pre:") for one in near)
    assert len(near) == 3
    assert bank.source["vectors"]["file"] == "glove.txt"
    missing = {"pre:government", "hyp:new"} - set(bank.relations["NEIGHBORS"])
    assert bank.source["words_without_vector"] >= len(missing)
    vectors.unlink()
    bank.save(tmp_path / "a.bank")
    opened = ConceptBank.open(tmp_path / "a.bank")
    assert (evaluate(parse("NEIGHBORS(pre:people)"), opened)).any()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_vectors_named_by_the_user_may_lie_anywhere(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = str(glove(elsewhere))
    folder = tmp_path / "recipes"
    folder.mkdir()
    made = recipe(folder, "")
    bank = compile_recipe(made, changes={"neighbors.vectors": path, "neighbors.itself": False})
    assert "pre:people" not in bank.relations["NEIGHBORS"]["pre:people"]
    with pytest.raises(DataError, match="leaves the recipe's folder"):
        compile_recipe(recipe(folder, f"[neighbors]\nvectors = {json.dumps(path)}\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[neighbors]\nn = 3\n", "names no vectors"),
        ('[neighbors]\nvectors = "v.txt"\nn = "3"\n', "n cannot be '3'"),
        ('[neighbors]\nvectors = "v.txt"\nk = 3\n', "unknown setting 'k'"),
    ],
)
def test_neighbours_that_mean_nothing_are_refused(tmp_path, text, message):
    with pytest.raises((DataError, FileError), match=message):
        compile_recipe(recipe(tmp_path, text))


def test_an_atom_that_means_nothing_is_named():
    bank, units, _ = world()
    with OPERATORS.scope():

        @operator(
            "BEGINS",
            kind="rewrite",
            args="text",
            example="BEGINS(co)",
            proposes=lambda bank: ["co", "x"],
        )
        def begins(bank, text):
            """Any of the concepts whose names begin so."""
            return any_of(one for one in bank.names if one.startswith(text))

        why = r"any_of was given no names \(in the atom BEGINS\(x\), which was proposed\)"
        with pytest.raises(LogicxError, match=why):
            explain(bank, units)


@pytest.mark.parametrize("literals", [False, True])
@pytest.mark.parametrize("strategy", ["beam", "exhaustive"])
def test_an_atom_that_is_the_best_alone_is_told_as_it_is_written(literals, strategy):
    """Under NOT, too: then it is not the first of the search."""
    masks = np.zeros((5, 40), dtype=bool)
    masks[0, 10:30], masks[1, :10], masks[2, 30:] = True, True, True
    masks[3, 12], masks[4, 13] = True, True
    relations = {"NEIGHBORS": {"bed": ["sofa", "bed"]}}
    bank = ConceptBank.from_masks(masks, NAMES, relations=relations)
    units = Units.from_masks([~masks[0]], ["u"])
    options = {"strategy": strategy, "literals": literals, "length": 2, "objective": "dice"}
    (found,) = explain(bank, units, **options)
    assert str(found.best_single.formula) == "NEIGHBORS(bed)"
