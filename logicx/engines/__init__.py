"""Engines: exact counts for batches of candidate formulas."""
