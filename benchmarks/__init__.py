"""Measures govgen beside Hugo and stock Pelican on made-up counties of three sizes."""
