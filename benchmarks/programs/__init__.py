"""The systems that are compared: programs, so that each can have its own environment."""
