"""DNS: a resolver with a cache, and who a client is."""
