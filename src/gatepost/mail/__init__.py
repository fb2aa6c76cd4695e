"""The words of the trade: addresses, envelopes, replies, log events, headers, delivery results. Pure values."""
