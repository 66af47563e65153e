"""What a flow is: steps, shape, types. No I/O."""
