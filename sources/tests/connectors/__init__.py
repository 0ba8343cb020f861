"""Connectors against real servers: the contract of all of them, and what is peculiar to each."""
