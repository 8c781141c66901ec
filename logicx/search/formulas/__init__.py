"""The space of formulas over the bits of a bank."""
