"""Delivery agents: each takes a job from the queue and says what became of its recipients."""
