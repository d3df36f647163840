"""What a person types after ``./build.sh``: one module a word, with ``configure(parser)`` and ``run(args) -> int``."""
