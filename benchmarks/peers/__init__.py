"""Other tools on the same pages: each runs in its own environment and speaks the contestants' protocol.

A folder per environment: requirements.in says what is wanted, requirements.txt pins it, the rest starts it. Apart from
the standard library and what is pinned there, only benchmarks.contestants and benchmarks.environments may be imported.
"""
