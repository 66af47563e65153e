"""`pgflow dev`: database, worker and playground together, following the code as it changes."""
