"""The Desk sandbox: a server that speaks Desk API v2, in place of the service that closed on 13 March 2020.

    python manage.py desk_sandbox --cases 5000            a site invented from a seed
    python manage.py desk_sandbox --data export/          a site from exported JSON
    python manage.py desk_sandbox --live --faults 500:p=0.05

In a test, in a thread of its own:

    with Sandbox(generate(cases=500, seed=1)) as site:
        requests.get(f"{site.url}/api/v2/cases", auth=("admin@example.com", "desk-sandbox"))
        site.mutate("update", "cases", count=10, set={"priority": 4})
        site.add_faults("429:times=3,reset=1")
        assert site.counts()["cases"] == 500

It follows what was recorded of the real service; what nobody recorded was chosen, and each choice is written at
the top of the module that makes it: `rules` (pages, windows, sort fields), `search`, `shape` (embed, fields),
`routes` and `beneath` (what exists below /api/v2/), `writes`, `answers` (headers, etags), `auth`.

From a request to its answer: `server` (the port and the thread), `asgi`, `api` (rate limit, faults, sign-in),
`routes` (what the address stands for), `lists` (query, search, selection, page). Objects lie as bytes in a file
(`spool`); memory holds ids, places and stamps (`collection`, `order`, `store`), so that a page of a hundred
cases is put together without parsing one, at any depth and in the order of `updated_at` as well.
`control` is the endpoint /_sandbox/ with `truth`, `mutations`, `faults`, `spoil` and `live` behind it.
Objects come from `generator` (a seed) or `export` (files).

Not there: gzip, TLS, the three-legged OAuth exchange (the single access token is), agents' permissions (only
`users/current` tells an agent from an administrator), filters other than three, a portal.
"""
