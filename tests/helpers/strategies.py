"""Hypothesis strategies for formulas, with names that try to break the language."""

from __future__ import annotations

from hypothesis import strategies as st

from logicx.language.formula import Apply, Concept, Formula

PLAIN_NAMES = ["a", "water", "river", "baseball field", "batters box", "2", "007"]
PAPER_NAMES = ["hyp:eating", "overlap-75%", "pre:'s", "pre>NN", "pre:NNS", "fire escape-s"]
AWKWARD_NAMES = [
    "and",
    "black AND white",
    "Not",
    "atleast",
    "neighbors of",
    "android",
    "NOT-a",
    "ATLEAST2",
    "ATLEAſT",  # long s: its capital is S
    "NEİGHBORS",  # dotted and dotless i, which Python's regular expressions take for I
    "neıghbors",
    "pre:,",
    "one, two",
    "f(x)",
    "(",
    ")",
    "a)",
    "()",
    "'",
    '"',
    "''",
    "'tis",
    'say "hi"',
    '"quoted"',
    "it's",
    "\\",
    "a\\",
    "\\'",
    '\\"',
    '"\\',
    "a\\nb",
    "&",
    "a|b",
    "~a",
    "^",
    "R&D",
    "a ~ b",
    " ",
    "a ",
    " a",
    "a  b",
    "tab\there",
    "line\nbreak",
    "no\u00a0break",
    "em\u2003space",
    "zero\u200bwidth",
    "\ufeffmark",
    "null\x00",
    "bell\x07",
    "\x1c",
    "Schloß",
    "河",
    "naïve café",
    "🦆 pond",
    "e\u0301",
    "\U0010ffff",
    "ATLEAST(2, a, b)",
    "a OR b",
    "None",
    "{found}",
    "%s",
    "-1",
    "#",
    "//",
    "!",
    "!a",
    "a !",
    "a !b",
    "a !and",
    "a !'b",
    "!!",
    "wow!",
    "not!",
    "a∧b",
    "¬a",
    "a → b",
    "“a”",
    "at ATLEAST",
    "implies",
    "IFF",
    "implies x",
    "x implies",
    "it implies that",
    "iff iff",
    "Implies Implies iff",
    "a !implies",
    "implies !x",
    "implied",
    "a->implies",
    "nor",
    "NAND",
    "majority",
    "first majority",
    "exactly 2",
    "atmost",
    "football match",
    "category",
    "left hand",
    "not far",
    "ıff",  # dotless i
]
NUMBERED = ("ATLEAST", "ATMOST", "EXACTLY")
CALLED = ("MAJORITY", "NAND", "NOR")
INFIX = ("AND", "OR", "XOR", "IMPLIES", "IFF")
LETTERS = "ab \t\n()&|~^!∧∨¬,'\"\\:%-0123456789ORNTXDıſß\u00a0河"

words = st.text("abcdefghij:-%'>0123456789", min_size=1, max_size=6).filter(
    lambda word: not word.startswith("'")
)
"""Words that need no quotes."""


def names() -> st.SearchStrategy[str]:
    """Concept names, plain and awkward."""
    return st.one_of(
        st.sampled_from(PLAIN_NAMES + PAPER_NAMES),
        st.sampled_from(AWKWARD_NAMES),
        st.lists(words, min_size=1, max_size=3).map(" ".join),
        st.text(LETTERS, min_size=1, max_size=8),
        st.text(min_size=1, max_size=5),
    )


def concepts(of: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Formula]:
    """Single concepts."""
    return (names() if of is None else of).map(Concept)


def formulas(
    of: st.SearchStrategy[str] | None = None, max_leaves: int = 10, rewrites: bool = False
) -> st.SearchStrategy[Formula]:
    """Formulas of the built-in operators, of bounded size.

    Args:
        of: Names of the concepts; by default awkward ones too.
        max_leaves: Most concepts.
        rewrites: Whether NEIGHBORS, MATCH and CATEGORY occur, which evaluate only on some banks.
    """

    def grow(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        forms = [
            st.builds(lambda a: Apply("NOT", (a,)), inner),
            st.builds(
                lambda keyword, a, b: Apply(keyword, (a, b)),
                st.sampled_from(INFIX),
                inner,
                inner,
            ),
            st.builds(
                lambda keyword, k, args: Apply(keyword, tuple(args), (k,)),
                st.sampled_from(NUMBERED),
                st.integers(0, 6) | st.integers(0, 10**9 - 1),
                st.lists(inner, min_size=1, max_size=4),
            ),
            st.builds(
                lambda keyword, args: Apply(keyword, tuple(args)),
                st.sampled_from(CALLED),
                st.lists(inner, min_size=2, max_size=4),
            ),
        ]
        if rewrites:
            forms.append(st.builds(lambda a: Apply("NEIGHBORS", (a,)), inner))
        return st.one_of(forms)

    leaves = concepts(of)
    if rewrites:
        leaves |= st.builds(
            lambda keyword, text: Apply(keyword, (), (text,)),
            st.sampled_from(["MATCH", "CATEGORY"]),
            names() if of is None else of,
        )
    return st.recursive(leaves, grow, max_leaves=max_leaves)
