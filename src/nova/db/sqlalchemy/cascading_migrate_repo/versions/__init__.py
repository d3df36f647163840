"""One script a step."""
