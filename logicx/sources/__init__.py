"""Data to banks: recipes, and what they read of text and of images."""
