"""Two small programs to begin with, run by `pgflow demo`: greet_user and analyze_website."""
