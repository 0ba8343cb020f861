"""sling, which reads files and databases but no such API: a script fetches for it."""
