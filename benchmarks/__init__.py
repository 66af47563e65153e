"""How fast pgflow is, beside the limit of what SQL can do and beside its peers."""
