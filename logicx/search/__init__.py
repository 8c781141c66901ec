"""The search layer: program synthesis over spaces that need not be made of bits."""
