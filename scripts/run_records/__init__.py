"""Results of recipes and searches, kept with what made them: the package behind scripts/record_run."""
