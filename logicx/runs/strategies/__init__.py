"""Strategies: how `explain` searches. Each is a frozen dataclass whose fields are its options."""
