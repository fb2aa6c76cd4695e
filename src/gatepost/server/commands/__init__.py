"""The commands of the SMTP server, one file a family; each tests its rules in the order of its replies.

A command is `async def name(session, command) -> Answer | None`: None where the reply has been said already. It raises
`Refused` for what breaks the protocol's rules. `gatepost.server.dialogue` has the table of them.
"""
