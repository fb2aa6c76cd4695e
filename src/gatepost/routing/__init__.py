"""Where mail goes: rewriting, address classes, resolving, aliases. Pure; the world answers through the oracle."""
