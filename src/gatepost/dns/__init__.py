"""DNS: a resolver with a cache, and the questions that mail asks it."""
