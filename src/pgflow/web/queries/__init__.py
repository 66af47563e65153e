"""What the playground reads, as pure statements.

A `Payload` is cut by the server: a page that lists big values does not move them.
"""
