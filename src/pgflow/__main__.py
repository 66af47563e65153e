"""`python -m pgflow` is the command `pgflow`."""

from __future__ import annotations

from pgflow.cli import main

if __name__ == "__main__":
    main()
