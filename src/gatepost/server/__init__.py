"""The running server: processes, listeners, sessions, and the wiring of everything below."""
