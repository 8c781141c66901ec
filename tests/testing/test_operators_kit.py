"""The kit for operators: the built-in ones pass, and each of these mutants fails."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from logicx import Concept, ConceptBank, operator
from logicx.errors import LogicxError, OperatorError
from logicx.language.registry import OPERATORS
from logicx.testing import check_operator

BUILT_IN = (
    *("IFF", "IMPLIES", "OR", "XOR", "AND", "NOT", "ATLEAST", "ATMOST", "EXACTLY", "MAJORITY"),
    *("NAND", "NOR", "NEIGHBORS", "MATCH", "CATEGORY", "ABOVE", "BELOW", "LEFT", "RIGHT", "NEAR"),
    *("TOUCHES", "INSIDE", "GROW", "SHRINK", "LARGEST", "IMAGE", "AFTER", "BEFORE", "PREV", "NEXT"),
    *("WITHIN", "FIRST", "COUNT", "SOMEWHERE", "ABSENT", "SKIP"),
)
AND, XOR, NOT, ATLEAST, NEIGHBORS, MATCH, CATEGORY = (
    OPERATORS.get(one) for one in ("AND", "XOR", "NOT", "ATLEAST", "NEIGHBORS", "MATCH", "CATEGORY")
)
N_CALLS = count()


def test_these_are_all_built_in_ones():
    assert (
        tuple(one.keyword for one in OPERATORS.in_force() if one.owner.startswith("logicx."))
        == BUILT_IN
    )


@pytest.mark.parametrize("keyword", BUILT_IN)
def test_the_built_in_ones_pass(keyword):
    check_operator(keyword)


def both(**changed):
    """AND by another name, changed."""
    stated = {"keyword": "BOTH", "symbols": (), "example": "a BOTH b", "owner": "here"}
    return replace(AND, **{**stated, **changed})


def near(meaning=NEIGHBORS.meaning, **changed):
    """NEIGHBORS by another name, with another function."""
    stated = {"keyword": "KIN", "example": "KIN(a)", "owner": "here", "proposes": proposing}
    return replace(NEIGHBORS, **{**stated, "meaning": meaning, **changed})


def kind_of(meaning=CATEGORY.meaning, **changed):
    """CATEGORY by another name, with another function."""
    stated = {"keyword": "OFKIND", "example": "OFKIND(color)", "owner": "here"}
    return replace(CATEGORY, **{**stated, "meaning": meaning, **changed})


def first_of_kind(bank, kind):
    """One that fails, and does not refuse, where there is no such kind."""
    return Concept(bank.names[bank.categories.index(kind)])


def proposing(bank):
    return [*bank.relations.get("KIN", {})]


def related(bank, concept):
    """The first concept that the table relates to it."""
    if not isinstance(concept, Concept) or concept.name not in bank.relations.get("KIN", {}):
        raise OperatorError(f"KIN does not apply to {concept}")
    return Concept(bank.relations["KIN"][concept.name][0])


def test_the_originals_of_the_mutants_pass():
    check_operator(both())
    check_operator(near(related))
    check_operator(kind_of())
    check_operator(replace(MATCH, keyword="LIKE", example='LIKE("hyp:*")', owner="here"))
    check_operator(replace(NOT, keyword="NON", symbols=(), example="NON blue"))
    check_operator(replace(ATLEAST, keyword="MOST", example="MOST(2, a, b)"))


def wavering(a, b):
    return (a and b) ^ (next(N_CALLS) > 60 and next(N_CALLS) % 7 == 0)


def most(k, *args):
    """Wrong for more arguments than registration looks at, and then not symmetric."""
    return args[0] if len(args) > 3 else sum(args) >= k


def other_each_time(bank, concept):
    related(bank, concept)
    return Concept(bank.names[next(N_CALLS) % 2])


def writing(bank, concept):
    bank.relations["KIN"]["c0"] = ("c1",)
    return related(bank, concept)


def forgetting(bank, concept):
    bank._relations = {}
    bank.relations.clear()
    return related(bank, concept)


MUTANTS = {
    "commutative without being it": both(meaning=lambda a, b: a and not b),
    "idempotent without being it": both(meaning=lambda a, b: a != b),
    "associative without being it": both(
        meaning=lambda a, b: not (a and b), facts=frozenset({"associative"})
    ),
    "facts as text": both(facts="commutative"),
    "a fact that is not known": both(facts=frozenset({"distributive"})),
    "gives None": both(meaning=lambda a, b: None),
    "gives text": both(meaning=lambda a, b: "yes"),
    "raises": both(meaning=lambda a, b: a / 0),
    "another value each time": both(meaning=wavering, facts=frozenset()),
    "takes three arguments": both(meaning=lambda a, b, c: a and b),
    "an example that is not read": both(example="a BOTH"),
    "an example of another": both(example="a AND b"),
    "no example": both(example=""),
    "no doc": both(doc=""),
    "a keyword in lower case": both(keyword="both"),
    "the keyword of another": both(keyword="OR", example="a OR b"),
    "the symbol of another": both(symbols=("&",)),
    "a symbol that is a letter": both(symbols=("x",)),
    "another side with the same precedence": both(associates="right"),
    "an involution that is none": replace(
        NOT, keyword="NON", symbols=(), example="NON blue", meaning=lambda a: a and False
    ),
    "not symmetric from four arguments on": replace(
        ATLEAST, keyword="MOST", example="MOST(2, a, b)", meaning=most
    ),
    "fails at four arguments": replace(
        ATLEAST,
        keyword="MOST",
        example="MOST(2, a, b)",
        meaning=lambda k, *args: [True, False, True, False][len(args)] and sum(args) >= k,
    ),
    "rewrites to text": near(lambda bank, concept: "c0"),
    "rewrites to a concept that is not there": near(lambda bank, concept: Concept("zzz")),
    "rewrites to something else each time": near(other_each_time),
    "rewrites to itself": near(lambda bank, concept: parse_near(concept)),
    "refuses all": near(lambda bank, concept: related(bank, None)),
    "raises in a rewrite": near(lambda bank, concept: bank.relations["KIN"][concept]),
    "writes to the tables": near(writing),
    "forgets the tables": near(forgetting),
    "proposes as a list": near(related, proposes=["c0"]),
    "proposes a name that is not there": near(related, proposes=lambda bank: ["zzz"]),
    "proposes one name as text": near(related, proposes=lambda bank: "c0"),
    "proposes numbers": near(related, proposes=lambda bank: [0]),
    "proposes all the concepts, applies to some": near(related, proposes=lambda bank: bank.names),
    "proposes others each time": near(
        related, proposes=lambda bank: [proposing(bank)[next(N_CALLS) % 2]]
    ),
    "fails for texts that it does not know": kind_of(first_of_kind),
    "takes a text and gives it back": kind_of(lambda bank, kind: kind),
    "takes a text for a name": kind_of(lambda bank, kind: Concept(kind[:-1] or "x")),
    "refuses all texts": kind_of(lambda bank, kind: related(bank, None)),
    "rewrites a text to something else each time": kind_of(
        lambda bank, kind: Concept(bank.names[next(N_CALLS) % 2])
    ),
    "takes a text and no bank": kind_of(lambda kind: Concept(kind)),
    "a connective of a text": kind_of(lambda kind: True, kind="connective"),
    "a text before its operator": kind_of(form="prefix"),
    "a text and a formula": kind_of(lambda bank, kind, a: a, min_args=1, max_args=1),
    "a text in the example that is a formula": kind_of(example="OFKIND(a AND b)"),
    "proposes texts to which it does not apply": kind_of(proposes=lambda bank: ["no such kind"]),
    "proposes an empty text": kind_of(proposes=lambda bank: [""]),
    "proposes one text as text": kind_of(proposes=lambda bank: "first kind"),
    "proposes texts as formulas": kind_of(proposes=lambda bank: [Concept("c0")]),
    "everywhere, and called": kind_of(is_everywhere=True),
    "no operator": "BOTH",
}


def parse_near(concept):
    from logicx import Apply

    return Apply("KIN", (concept,))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails(mutant):
    with pytest.raises((AssertionError, LogicxError)):
        check_operator(MUTANTS[mutant])


def test_one_of_ones_own_passes_on_a_bank_of_ones_own():
    bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0]], ["sea", "lake", "x"])
    bank.relate("WATERS", {"x": ["sea", "lake"]})
    with OPERATORS.scope():

        @operator("ENTAILS", form="infix", precedence=5, associates="right", symbol="→",
                  example="a ENTAILS b")  # fmt: skip
        def implies(a, b):
            """Where the first holds, the second does."""
            return b or not a

        @operator("ANY", kind="rewrite", args=1, example="ANY(x)",
                  proposes=lambda bank: bank.relations.get("WATERS", {}))  # fmt: skip
        def any_of(bank, concept):
            """Any of those of the table."""
            if concept != Concept("x"):
                raise OperatorError("it applies to x")
            return Concept("sea") | Concept("lake")

        check_operator("ENTAILS")
        check_operator("ENTAILS", bank)
        check_operator("ANY", bank)
        with pytest.raises(AssertionError, match="give check_operator a bank="):
            check_operator("ANY")
