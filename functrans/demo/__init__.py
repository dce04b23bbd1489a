"""Programs that use functrans as anyone would: ``python -m functrans demo`` and ``explain``."""
