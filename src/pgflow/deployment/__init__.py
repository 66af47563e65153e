"""Flows on their way into a database: by a worker that starts, by hand, or as migration files."""
