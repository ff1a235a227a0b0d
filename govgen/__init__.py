"""Builds a whole county's government sites from one git repository."""
