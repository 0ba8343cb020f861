"""A workspace with a long history, made up inside the database: what pages are timed on and pictured with."""
