"""What the paper prints can be typed.

Mu and Andreas, "Compositional Explanations of Neurons", NeurIPS 2020: every formula of its figures
and of its running text, as printed but for LaTeX markup and line breaks. Beam results are printed
as flat chains, so they are read in the chain dialect; what each means is written out in full.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from logicx.errors import FormulaError
from logicx.language.formula import Apply, Concept
from logicx.language.parsing import DIALECTS, parse, read
from logicx.language.printing import format_formula


class Printed(NamedTuple):
    where: str
    text: str
    meaning: str
    """The same, fully parenthesised."""
    n_atoms: int


FORMULAS = [
    Printed(
        "Figure 1, unit 483; also Figure 5c in the text",
        "(water OR river) AND NOT blue",
        "((water OR river) AND (NOT blue))",
        3,
    ),
    Printed(
        "Figure 4, unit 106",
        "bullring OR pitch OR volleyball court OR batters box OR baseball stadium OR baseball field"
        " OR tennis court OR badminton court AND (NOT football field) AND (NOT railing)",
        "(((((((((bullring OR pitch) OR volleyball court) OR batters box) OR baseball stadium)"
        " OR baseball field) OR tennis court) OR badminton court) AND (NOT football field))"
        " AND (NOT railing))",
        10,
    ),
    Printed(
        "Section 4 and Figure 5b",
        "cradle OR autobus OR fire escape",
        "((cradle OR autobus) OR fire escape)",
        3,
    ),
    Printed(
        "Figure 6, unit 870",
        "((NOT hyp:man) AND pre:man) OR hyp:eating AND (NOT pre:woman) OR hyp:dancing",
        "(((((NOT hyp:man) AND pre:man) OR hyp:eating) AND (NOT pre:woman)) OR hyp:dancing)",
        5,
    ),
    Printed(
        "Figure 6, unit 99",
        "((NOT hyp:JJ) AND overlap-75% AND (NOT pre:people)) OR pre:basket OR pre:tv",
        "(((((NOT hyp:JJ) AND overlap-75%) AND (NOT pre:people)) OR pre:basket) OR pre:tv)",
        5,
    ),
    Printed(
        "Figure 6 and Figure 9, unit 15",
        "hyp:eating OR hyp:sitting OR hyp:sleeping OR hyp:sits AND (NOT pre:sits)",
        "((((hyp:eating OR hyp:sitting) OR hyp:sleeping) OR hyp:sits) AND (NOT pre:sits))",
        5,
    ),
    Printed(
        "Figure 9, unit 39",
        "hyp:nobody AND (NOT pre:hair) AND (NOT pre:RB) AND (NOT pre:'s)",
        "(((hyp:nobody AND (NOT pre:hair)) AND (NOT pre:RB)) AND (NOT pre:'s))",
        4,
    ),
    Printed(
        "Figure 9, unit 133",
        "NEIGHBORS(hyp:couch) OR hyp:inside OR hyp:home OR hyp:indoors OR hype:eating",
        "((((NEIGHBORS(hyp:couch) OR hyp:inside) OR hyp:home) OR hyp:indoors) OR hype:eating)",
        5,
    ),
    Printed(
        "Figure 9, unit 941",
        "hyp:inside OR hyp:not OR hyp:indoors OR hyp:moving OR hyp:something",
        "((((hyp:inside OR hyp:not) OR hyp:indoors) OR hyp:moving) OR hyp:something)",
        5,
    ),
]

UNIT_473 = "((NOT hyp:sleeping) AND (pre>NN OR pre:NNS) AND (NOT hyp:alone) AND (NOT hyp:nobody)"
"""Figure 6, unit 473: five parentheses are opened, four closed; `pre>NN` stands for `pre:NN`."""

UNIT_473_MEANS = (
    "((((NOT hyp:sleeping) AND (pre>NN OR pre:NNS)) AND (NOT hyp:alone)) AND (NOT hyp:nobody))"
)

every_formula = pytest.mark.parametrize("printed", FORMULAS, ids=lambda one: one.where)


@every_formula
def test_it_reads_as_the_paper_means_it(printed):
    formula = parse(printed.text, dialect="chain")
    assert formula == parse(printed.meaning, dialect="standard")
    assert formula == parse(printed.meaning, dialect="chain")
    assert formula.n_atoms == printed.n_atoms
    assert read(printed.text, "chain").notes == ()


@every_formula
def test_it_prints_and_parses_again(printed):
    formula = parse(printed.text, dialect="chain")
    text = format_formula(formula)
    assert '"' not in text
    for dialect in DIALECTS:
        assert parse(text, dialect) == formula
        assert read(text, dialect).notes == ()


@every_formula
def test_the_standard_dialect_reads_it_too_and_says_where_that_differs(printed):
    formula, notes = read(printed.text, "standard")
    assert formula.concepts == parse(printed.text, "chain").concepts
    assert bool(notes) == (formula != parse(printed.meaning))


@every_formula
def test_any_case_and_symbols(printed):
    formula = parse(printed.text, dialect="chain")
    lower = re.sub(r"\b(AND|OR|NOT|NEIGHBORS)\b", lambda one: one[0].lower(), printed.text)
    symbols = printed.text
    for keyword, symbol in (("AND", "&"), ("OR", "|"), ("NOT", "~")):
        symbols = re.sub(rf"\b{keyword}\b", symbol, symbols)
    assert lower != printed.text != symbols
    assert parse(lower, "chain") == parse(symbols, "chain") == formula


def test_unit_106_in_the_standard_dialect_means_something_else():
    """Why the chain dialect exists: by precedence only badminton courts exclude football fields."""
    unit_106 = FORMULAS[1].text
    formula, (note,) = read(unit_106)
    assert formula == parse(
        "bullring OR pitch OR volleyball court OR batters box OR baseball stadium OR baseball field"
        " OR tennis court OR (badminton court AND (NOT football field) AND (NOT railing))"
    )
    assert "dialect=chain" in note


def test_unit_473_as_printed_lacks_a_parenthesis():
    with pytest.raises(FormulaError) as caught:
        parse(UNIT_473, dialect="chain")
    assert caught.value.code == "unclosed-parenthesis"
    assert caught.value.span == (0, 1)


def test_unit_473_means_the_same_wherever_the_parenthesis_is_closed():
    pieces = re.split(r"(?= AND )", UNIT_473)
    assert len(pieces) == 4
    for i in range(1, 4):
        text = "".join(pieces[: i + 1]) + ")" + "".join(pieces[i + 1 :])
        formula = parse(text, dialect="chain")
        assert formula == parse(UNIT_473_MEANS)
        assert parse(format_formula(formula)) == formula
        assert formula.n_atoms == 5
        assert formula.concepts[1] == "pre>NN"


def test_the_form_of_specialization_and_composition():
    one, other = Concept("L_1"), Concept("L_2")
    assert parse("L_1 AND NOT L_2") == Apply("AND", (one, Apply("NOT", (other,))))
    assert parse("(L_1 AND L_2)") == Apply("AND", (one, other))


def test_neighbors_as_the_papers_code_prints_it():
    couch = Apply("NEIGHBORS", (Concept("hyp:couch"),))
    for dialect in DIALECTS:
        assert parse("(NEIGHBORS hyp:couch)", dialect) == couch
        assert parse("NEIGHBORS(hyp:couch)", dialect) == couch
    text = "((((NEIGHBORS hyp:couch) OR hyp:inside) OR hyp:home) OR hyp:indoors) OR hype:eating"
    assert parse(text, "chain") == parse(FORMULAS[7].meaning)


def test_the_transcription_is_faithful(shared):
    paper = shared / "reference" / "paper.txt"
    if not paper.is_file():
        pytest.skip(f"no reference {paper}")
    printed = _without_markup(paper.read_text(encoding="utf-8"))
    for text in [*(one.text for one in FORMULAS), UNIT_473, "L_1 AND NOT L_2"]:
        assert _without_markup(text) in printed, text


def _without_markup(text: str) -> str:
    text = re.sub(r"\\text\b|[\s${}\\*`]", "", text)
    return text.replace("’", "'")
