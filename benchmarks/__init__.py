"""How fast Tributary is, measured beside its peers on the same pages: `make bench`.

Nothing here is needed to run the product; nothing in the product knows of it.
"""
