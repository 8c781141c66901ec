"""What recording is made of: hooks, cells, fingerprints and part files."""
