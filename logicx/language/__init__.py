"""Text and formulas: nodes, operators, grammar, printing, the canonical form; knows no data."""
