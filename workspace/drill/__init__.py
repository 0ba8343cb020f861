"""The fault drill: the product as real processes, broken on purpose with a seed, and looked at from outside.

It is an independent checker. It reaches the two sides by name only: management commands, the sandbox's control
endpoint and SQL of its own; nothing of the product's code decides whether the product is right.

`servers` owns PostgreSQL, Redis and a warehouse, each behind a `proxy` that can go away; `processes` are the Desk
sandbox, worker and beat; `stand` puts them together and makes work; `checker` compares Desk, Hub and warehouse;
`watch` reads the warehouse all the time; `faults` holds one file per family; `run` injects and `report` tells.
"""
