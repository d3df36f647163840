"""This host: its nova services, how the fork came here and how it goes, and what state all is in."""
