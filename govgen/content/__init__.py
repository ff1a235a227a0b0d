"""Turns one file into a document or into findings."""
