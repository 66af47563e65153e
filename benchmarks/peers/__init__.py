"""The peers from PyPI, each a program in an environment that knows nothing of ours."""
