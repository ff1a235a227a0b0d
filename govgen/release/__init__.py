"""Makes a complete, immutable set of what was built."""
