"""What scripts/check_link runs."""
