"""Semantic rules: they name a place in nova by its syntax tree, demand exactly one, and add to it.

``load`` reads patches/*.toml, ``apply`` finds out what a rule means for a file, ``edit`` inserts, ``pattern`` matches.
"""
