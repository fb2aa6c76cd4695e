"""The queue: a ledger of accepted mail with one owner a message, and the runner that has it delivered.

What holds here, whatever happens:

1. A message is answered with 250 only once it is durable (`store.commit` has returned).
2. A recipient leaves the ledger only with its outcome: delivered, or reported to the sender in the same transaction.
3. The memory of the process is a copy of the ledger. Losing it costs a delivery attempt, never a message.
"""
