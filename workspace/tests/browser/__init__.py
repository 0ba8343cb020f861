"""The pages in a real browser, on a real installation: web, worker, beat, PostgreSQL, Redis and the Desk sandbox."""
