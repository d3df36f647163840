"""Find nova's databases and ask them, whatever servers they are on; nothing here changes one of its own accord."""
