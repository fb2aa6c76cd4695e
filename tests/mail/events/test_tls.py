"""The log lines of TLS."""

from __future__ import annotations

from gatepost import maillog
from gatepost.mail.events.tls import TlsEstablished


def test_established_line_with_and_without_the_optional_parts() -> None:
    event = TlsEstablished("Anonymous", "from", "a[1]", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", 256, 256)
    line = (
        "Anonymous TLS connection established from a[1]: TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits)"
    )
    assert line == maillog.text(event)
    full = TlsEstablished(
        "Trusted", "to", "mx[2]:25", "TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, 256, key_exchange="X25519"
    )
    assert maillog.text(full).endswith("(256/256 bits) key-exchange X25519")
    assert full == maillog.parse(maillog.text(full))
