"""python -m benchmarks.peers: make .venv-peers, where the peers live."""

from __future__ import annotations

from benchmarks.peers.environment import create

if __name__ == "__main__":
    create()
