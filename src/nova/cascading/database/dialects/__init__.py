"""How each kind of database server is asked and changed."""
