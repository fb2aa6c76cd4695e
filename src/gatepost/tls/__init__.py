"""TLS as values and bytes: what a configuration asks for, and channels over memory buffers that it opens."""
