"""Runs one command with real PostgreSQL and Redis or Valkey: `python -m workspace.launcher -- COMMAND`.

Standard library only and no Django, so that it starts fast and works before anything is configured. The way
through: `__main__` reads the command line, `launch` puts the parts together, `installs` finds the servers,
`accounts` decides as whom they run, `data` owns the directory, `postgres` and `valkey` start one server each,
`command` runs the command and `guard` clears up after a launcher that was killed.
"""
