"""Thousands of random graphs on every kernel set and emulated board, with a record; see scripts/nightly."""
