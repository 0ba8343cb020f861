"""Faults: what makes a request fail, or an answer lie."""

from dataclasses import dataclass

from sources.sandbox.hal import PageLinks


@dataclass(frozen=True)
class Quirks:
    """How lists differ from what they should be."""

    since_id_excludes: bool = False
    no_ids: bool = False

    def shown_page(self, page: int) -> int:
        """The page whose entries are shown when this one is asked for."""
        return page

    def next_href(self, links: PageLinks, page: int) -> str | None:
        """A wrong address for the next page; None for the right one."""
        return None
