"""Alice, Bob and Charlie for the tests of this side."""

from workspace.tests.fixtures import acme, alice, bob, cases, charlie

__all__ = ["acme", "alice", "bob", "cases", "charlie"]
