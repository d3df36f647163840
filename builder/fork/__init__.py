"""A source becomes a fork: rules find their places in nova, an independent check looks at the result."""
