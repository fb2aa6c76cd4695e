"""Logging in with an access token of OAuth 2.0: OAUTHBEARER (RFC 7628), and XOAUTH2, its predecessor of Google's.

A server that refuses a token says why in a challenge; it is answered as its mechanism wants (one octet 1, or nothing),
and then the server refuses in its reply, which is what the log gets.
"""

from __future__ import annotations

from dataclasses import dataclass

_END = "\x01"


@dataclass(slots=True)
class BearerExchange:
    """One attempt. `host` and `port` are the server's, for OAUTHBEARER."""

    mechanism: str
    username: str
    token: str
    host: str = ""
    port: str = ""
    is_proven: bool = True
    """Nothing is proven by the server, and nothing has to be."""
    _said: int = 0

    def initial(self) -> bytes:
        """Who we are, and the token."""
        bearer = f"auth=Bearer {self.token}{_END}"
        if self.mechanism == "XOAUTH2":
            text = f"user={self.username}{_END}{bearer}{_END}"
        else:
            name = self.username.replace("=", "=3D").replace(",", "=2C")
            where = "".join(
                f"{key}={value}{_END}" for key, value in (("host", self.host), ("port", self.port)) if value
            )
            text = f"n,a={name},{_END}{where}{bearer}{_END}"
        return text.encode("utf-8", "surrogateescape")

    def answer(self, challenge: bytes) -> bytes | None:
        """The acknowledgement of a refusal; None for anything after it."""
        del challenge
        self._said += 1
        if self._said > 1:
            return None
        return b"" if self.mechanism == "XOAUTH2" else _END.encode("ascii")

    def final(self, data: bytes) -> None:
        """Success has nothing to add."""
