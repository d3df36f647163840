"""nova's conductors: how they are reached, and whether each of them keeps mappings."""
