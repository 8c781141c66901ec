"""Readers of data sets as their makers publish them, one a file; each page says the layout."""
