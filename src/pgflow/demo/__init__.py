"""Two small programs to begin with, which `pgflow demo` runs: `greet_user` and `analyze_website`."""
