"""Signed apt and yum repositories: a tree of files that any static web server, rsync or mirror tool can carry."""
