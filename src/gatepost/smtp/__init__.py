"""The SMTP protocol without a socket: bytes in, typed commands and content out (RFC 5321)."""
