"""Turns planned jobs into files."""
