"""Makes a data set of spoken keywords: see scripts/make_keywords."""
