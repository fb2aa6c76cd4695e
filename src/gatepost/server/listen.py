"""Listening sockets: accept, and give each connection its session.

The rules:

1. A session keeps the snapshot that was in force when it was accepted; `snapshot` may be replaced at any time.
2. Stopping closes the door first, asks sessions that are in no mail transaction to end (421), gives the others their
   time, and then closes on whoever is left. What is not committed was never accepted.
"""

from __future__ import annotations

import asyncio
import socket

from gatepost.server.connection import Connection
from gatepost.server.dialogue import serve
from gatepost.server.session import Session
from gatepost.server.snapshot import Resources, ServiceSnapshot

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - nothing is bound here
"""Addresses of listening sockets that do not tell which address a client has connected to."""


class Listener:
    """One smtpd service of one worker."""

    def __init__(self, snapshot: ServiceSnapshot, resources: Resources) -> None:
        self.snapshot = snapshot
        """What new sessions are given."""
        self._resources = resources
        self._servers: list[asyncio.Server] = []
        self._address: tuple[str, str] | None = None  # the same for all connections, unless it stands for any address
        self._sessions: dict[Connection, Session] = {}

    async def open(self, listening: socket.socket) -> None:
        """Accept on a socket that is bound and listens."""
        loop = asyncio.get_running_loop()
        name = listening.getsockname()
        if isinstance(name, tuple) and name[0] not in ANY_ADDRESS:
            self._address = str(name[0]), str(name[1])
        self._servers.append(await loop.create_server(self.connection, sock=listening))

    def connection(self) -> Connection:
        """A new connection, for the event loop."""
        snapshot = self.snapshot

        async def run(connection: Connection) -> None:
            session = self._sessions[connection] = Session(connection, snapshot, self._resources)
            try:
                await serve(session)
            finally:
                del self._sessions[connection]

        return Connection(run, hold=snapshot.mode.wrapper, address=self._address)

    @property
    def snapshots(self) -> set[int]:
        """The identities of the snapshots that sessions still have."""
        return {id(session.snapshot) for session in self._sessions.values()}

    @property
    def sessions(self) -> list[Session]:
        """The sessions under way."""
        return list(self._sessions.values())

    def __len__(self) -> int:
        """Sessions under way."""
        return len(self._sessions)

    def retire(self, snapshot: ServiceSnapshot | None = None) -> None:
        """Ask the sessions with that snapshot, or all, to end as soon as they are in no mail transaction."""
        for session in self.sessions:
            if snapshot is None or session.snapshot is snapshot:
                session.connection.retire()

    def close(self) -> None:
        """Accept no more."""
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def stop(self, grace: float) -> None:
        """Accept no more, and end the sessions: kindly within `grace` seconds, then not."""
        self.close()
        self.retire()
        tasks = [connection.task for connection in self._sessions if connection.task]
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=grace)
        for connection in list(self._sessions):
            connection.abort()
        await asyncio.wait(tasks, timeout=grace)
