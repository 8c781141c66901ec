"""Where formulas meet units: exact counts, objectives, results."""
