"""Reads files and their history from the county's git repository."""
