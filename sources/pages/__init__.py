"""Pages of the left side, one file for each story they tell."""
