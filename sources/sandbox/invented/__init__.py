"""The invented Desk site: what its people write, and the JSON of every object."""
