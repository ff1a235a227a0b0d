"""Serves every site to the editor's own browser while they write."""
