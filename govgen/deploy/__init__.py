"""Puts a release where citizens read it."""
