"""Those that are measured. Each is a process: it gets a phase a line as JSON and answers with what it did.

`site` is the server's address, `warehouse` and `hub` are database URLs, `since` the moment from which on something
changed (empty: everything is to be loaded).
"""
