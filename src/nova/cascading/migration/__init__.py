"""Bring nova's databases into the state that the fork needs, and back."""
