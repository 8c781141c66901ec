"""What a person sees who gets a formula wrong: whole messages, and hints at what was meant."""

from __future__ import annotations

import numpy as np
import pytest

from logicx.banks.bank import ConceptBank
from logicx.errors import LogicxError, OperatorError, UnknownConcept
from logicx.language.parsing import parse
from logicx.scoring.counts import resolve
from logicx.scoring.score import score
from logicx.units.units import Units

# ---- golden messages

WATERSIDE = ConceptBank.from_masks(
    np.eye(7, dtype=bool),
    ["water", "river", "blue", "baseball stadium", "field", "grass field", "NOT wet"],
    relations={"NEIGHBORS": {"river": ["water", "blue"]}},
    name="waterside",
)
UNITS = Units.from_masks(np.eye(7, dtype=bool)[:1], ["483"])

GOLDEN = {
    "": """\
error[empty-formula]: the formula is empty
  write a concept, as in: water    or: (water OR river) AND NOT blue""",
    "(water OR rivr) AND NOT blue": """\
error[unknown-concept]: no concept 'rivr' in bank 'waterside' (7 concepts)
  (water OR rivr) AND NOT blue
            ^^^^
  did you mean: river?    list them: logicx concepts 'riv*'""",
    "water AND baseball stadium field": """\
error[unknown-concept]: no concept 'baseball stadium field' in bank 'waterside' (7 concepts)
  water AND baseball stadium field
            ^^^^^^^^^^^^^^^^^^^^^^
  'baseball stadium' and 'field' are concepts: is an operator missing between them?""",
    "(water OR river": """\
error[unclosed-parenthesis]: a parenthesis is not closed
  (water OR river
  ^
  add ')' where it should end""",
    "water OR river)": """\
error[unopened-parenthesis]: ')' closes a parenthesis that was never opened
  water OR river)
                ^
  remove it, or add '(' where it should begin""",
    "water && river": """\
error[doubled-operator]: '&' follows another operator
  water && river
         ^
  one operator is enough: & | ~ ^ or AND OR NOT XOR; a concept of that name is written in quotes""",
    "water AND": """\
error[unfinished]: the formula ends where a concept is expected
  water AND
           ^
  something is missing after the last operator""",
    "or river": """\
error[missing-operand]: 'or' has nothing on its left
  or river
  ^^
  an operator joins two formulas; to mean a concept of that name, write it in quotes""",
    "(water OR river) blue": """\
error[missing-operator]: no operator before 'blue'
  (water OR river) blue
                   ^^^^
  join the two with AND, OR, XOR or AND NOT""",
    "water NOT blue": """\
error[missing-operator]: no operator before 'NOT'
  water NOT blue
        ^^^
  join the two with AND, OR, XOR or AND NOT""",
    "water, river": """\
error[stray-comma]: a comma stands outside a call
  water, river
       ^
  commas separate the arguments of operators such as ATLEAST(2, a, b, c); \
a name that holds a comma is written in quotes""",
    "ATLEAST(water, river)": """\
error[arity]: ATLEAST needs a whole number 'k' first: ATLEAST(k, a, ...)
  ATLEAST(water, river)
  ^^^^^^^^^^^^^^^^^^^^^""",
    "ATLEAST 2": """\
error[unknown-concept]: no concept 'ATLEAST 2' in bank 'waterside' (7 concepts)
  ATLEAST 2
  ^^^^^^^^^
  ATLEAST is an operator only directly before '(': ATLEAST(k, a, ...)""",
    "water => blue": """\
error[unknown-concept]: no concept 'water => blue' in bank 'waterside' (7 concepts)
  water => blue
  ^^^^^^^^^^^^^
  '=>' is no operator here: write a IMPLIES b""",
    "water AND NOT(river, blue)": """\
error[arity]: NOT takes 1 argument, not 2: NOT a
  water AND NOT(river, blue)
            ^^^^^^^^^^^^^^^^""",
    "water AND neighbours(river)": """\
error[unknown-operator]: no operator 'neighbours', and no operator between it and the parenthesis
  water AND neighbours(river)
                      ^
  did you mean: NEIGHBORS?""",
    "water (river)": """\
error[unknown-operator]: no operator 'water', and no operator between it and the parenthesis
  water (river)
        ^
  list them: logicx operators; a concept's name that has parentheses stands in quotes: \
"water (...)\"""",
    "water AND 'river": """\
error[unclosed-quote]: a quotation mark is not closed
  water AND 'river
            ^^^^^^
  a name that begins with a quotation mark is itself written in quotes""",
    "water AND ''": """\
error[empty-name]: the name in quotes is empty
  water AND ''
            ^^""",
    "NEIGHBORS(water) OR blue": """\
error[not-applicable]: bank 'waterside' lists no neighbours of 'water'
  NEIGHBORS(water) OR blue
  ^^^^^^^^^^^^^^^^""",
    "NEIGHBORS(river OR blue)": """\
error[operator]: NEIGHBORS takes a concept, not a formula: river OR blue
  NEIGHBORS(river OR blue)
  ^^^^^^^^^^^^^^^^^^^^^^^^""",
    "sea OR (water AND skye) OR sea": """\
error[unknown-concept]: no concept 'sea' in bank 'waterside' (7 concepts)
  sea OR (water AND skye) OR sea
  ^^^
  list them: logicx concepts 'sea*'
error[unknown-concept]: no concept 'skye' in bank 'waterside' (7 concepts)
  sea OR (water AND skye) OR sea
                    ^^^^
  list them: logicx concepts 'sky*'""",
}


@pytest.mark.parametrize("text", GOLDEN)
def test_golden_messages(text):
    with pytest.raises(LogicxError) as caught:
        score(text, WATERSIDE, UNITS, "483")
    assert str(caught.value) == GOLDEN[text]


def test_an_error_as_plain_values():
    with pytest.raises(LogicxError) as caught:
        score("rivr OR watr", WATERSIDE, UNITS, "483")
    values = caught.value.as_dict()
    assert values["error"] == "unknown-concept"
    assert values["span"] == (0, 4)
    assert values["text"] == "rivr OR watr"
    assert [one["span"] for one in values["also"]] == [(8, 12)]


# ---- unknown concepts


def test_all_unknown_concepts_are_reported_at_once():
    text = "(rivr OR watr) AND NOT (rivr OR nothing) AND NEIGHBORS(zzz) AND water"
    with pytest.raises(UnknownConcept) as caught:
        resolve(parse(text), WATERSIDE)
    errors = [caught.value, *caught.value.also]
    assert all(isinstance(one, KeyError) for one in errors)
    assert [text[slice(*one.span)] for one in errors] == ["rivr", "watr", "nothing", "zzz"]
    assert [one.hint.split("    ")[0] for one in errors] == [
        "did you mean: river?",
        "did you mean: water?",
        "list them: logicx concepts 'not*'",
        "list them: logicx concepts 'zzz*'",
    ]


def test_an_error_without_its_text_draws_no_caret():
    for formula in (parse("watr OR water"), parse("water") & parse("watr")):
        with pytest.raises(UnknownConcept) as caught:
            resolve(formula, WATERSIDE)
        assert "^" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("baseball stadium field", "baseball stadium", "field"),
        ("water river", "water", "river"),
        ("field grass field", "field", "grass field"),
    ],
)
def test_a_run_of_two_concepts_hints_at_a_missing_operator(name, left, right):
    with pytest.raises(UnknownConcept) as caught:
        resolve(parse(name), WATERSIDE)
    want = f"'{left}' and '{right}' are concepts: is an operator missing between them?"
    assert caught.value.hint == want


def test_case_and_small_slips_are_suggested():
    for slip, meant in (("Water", "water"), ("RIVER", "river"), ("gras field", "grass field")):
        with pytest.raises(UnknownConcept) as caught:
            resolve(parse(slip), WATERSIDE)
        assert caught.value.hint.startswith(f"did you mean: {meant}")


def test_a_concept_whose_name_begins_with_a_keyword_needs_quotes():
    assert resolve(parse('"NOT wet"'), WATERSIDE) == parse('"NOT wet"')
    with pytest.raises(UnknownConcept) as caught:
        resolve(parse("NOT wet"), WATERSIDE)
    assert caught.value.span == (4, 7)


@pytest.mark.parametrize("text", ["NEIGHBORS(blue)", "water OR NEIGHBORS(river OR blue)"])
def test_an_operator_that_does_not_apply_is_pointed_at(text):
    with pytest.raises(OperatorError) as caught:
        resolve(parse(text), WATERSIDE)
    assert caught.value.span == (text.index("NEI"), len(text))
