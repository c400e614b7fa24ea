"""See scripts/experiments."""
