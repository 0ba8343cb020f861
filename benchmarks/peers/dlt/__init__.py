"""dlt, three ways: as it comes, as fast as its own settings make it, and with rows made by hand."""
