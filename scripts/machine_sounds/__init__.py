"""Makes a data set of machine sounds: see scripts/make_machine_sounds."""
