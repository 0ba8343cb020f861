"""Pages of the right side, a file for each story."""
