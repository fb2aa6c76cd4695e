"""Logins (SASL, RFC 4422 and RFC 4954): mechanisms, and the backends that know the passwords."""
