"""What every other room may use: errors, tools, this project's own facts, and the surroundings of a build."""
