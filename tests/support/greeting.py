"""The flow that everybody meets first, for tests that need just any flow."""

from __future__ import annotations

from pgflow.demo.greet_user import Person, greet_user

__all__ = ["ALICE", "greet_user"]

ALICE: Person = {"first_name": "Alice", "last_name": "Smith"}
