"""Values that satisfy a schema, each from its key alone."""
