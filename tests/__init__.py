"""Tests: small worlds, a repository in, pages and findings out."""
