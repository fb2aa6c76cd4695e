"""Benchmarks: Gatepost beside Postfix. `python -m bench` measures, `python -m bench.report` writes it up."""
