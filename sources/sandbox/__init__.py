"""The Desk sandbox: a server that speaks Desk API v2, in place of the service that closed in March 2020."""
