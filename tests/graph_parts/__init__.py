"""Random operators for tests.graphs, one family a module."""
