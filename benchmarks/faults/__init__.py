"""Breaks publishing in every way that can be thought of, and counts how often citizens would notice."""
