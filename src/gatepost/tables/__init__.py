"""Lookup tables: one file per family of types, one registry, and views that see one version of each table."""
