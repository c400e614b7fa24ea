"""edgekd's engine beside others, on the same models and boards: the package behind scripts/bench_engine."""
