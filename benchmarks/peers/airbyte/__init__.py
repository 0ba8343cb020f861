"""PyAirbyte with a declarative source, as its connector builder makes one."""
