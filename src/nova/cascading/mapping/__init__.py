"""Which lower-level server an instance stands for: shown, checked, set, and taken in and out as CSV."""
