"""Results for people to read: tables, text and pictures."""
