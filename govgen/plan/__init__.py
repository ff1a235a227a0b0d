"""Decides what is built and why, and what each page shows."""
