"""That the benchmark is fair and its checks are sharp; nothing is timed here."""
