"""Reads the county and its sites from `sites/`."""
