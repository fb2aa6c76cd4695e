"""The policy engine: facts about a session in, a verdict with its reasons out. Pure."""
