"""One experiment a file: TITLE, SETTINGS, SMALL (settings of a case that takes seconds) and run(bench)."""
