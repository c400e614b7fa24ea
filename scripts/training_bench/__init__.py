"""Distillation beside torchdistill: see scripts/bench_training."""
