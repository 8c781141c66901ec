"""Where units fire: activations, thresholds, the maps of layers, and the files of units."""
