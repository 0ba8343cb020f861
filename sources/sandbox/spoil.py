"""What a fault does to an answer, or to a list before it becomes one."""

from collections.abc import Iterable
from dataclasses import dataclass

from sources.sandbox.answers import Answer, Refusal
from sources.sandbox.faults import Fault
from sources.sandbox.hal import PageLinks

_MESSAGES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Resource Not Found",
    405: "Method Not Allowed",
    422: "Validation Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
_PROXY = (502, 503, 504)
_HTML = [(b"content-type", b"text/html"), (b"server", b"nginx")]


@dataclass(frozen=True)
class Quirks:
    """How lists differ from what they should be."""

    since_id_excludes: bool = False
    no_ids: bool = False
    no_etags: bool = False
    repeat_page: bool = False
    next_self: bool = False
    next_host: str = ""

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> "Quirks":
        """What these faults do to lists."""
        kinds = {fault.kind: fault for fault in faults}
        elsewhere = kinds.get("next_elsewhere")
        return cls(
            "since_id_gt" in kinds,
            "no_ids" in kinds,
            "no_etags" in kinds,
            "repeat_page" in kinds,
            "next_self" in kinds,
            elsewhere.host if elsewhere else "",
        )

    def shown_page(self, page: int) -> int:
        """The page whose entries are shown when this one is asked for."""
        return max(1, page - 1) if self.repeat_page else page

    def next_href(self, links: PageLinks, page: int) -> str | None:
        """A wrong address for the next page; None for the right one."""
        if self.next_self:
            return links.href(page)
        return f"{self.next_host}{links.href(page + 1)}" if self.next_host else None


NONE = Quirks()


def instead(faults: Iterable[Fault]) -> Answer | None:
    """The answer given in place of the API's, if one of the faults wants that."""
    for fault in faults:
        if fault.kind == "html":
            return Answer(
                200, [b"<!DOCTYPE html><title>Desk.com</title><h1>We will be right back</h1>"], [*_HTML]
            )
        if fault.status in _PROXY:
            return Answer(fault.status, [b"<html><h1>%d</h1><hr>nginx</html>" % fault.status], [*_HTML])
        if fault.status:
            return Refusal(fault.status, _MESSAGES.get(fault.status, "Error")).answer(writing=False)
    return None


def spoiled(answer: Answer, faults: Iterable[Fault]) -> Answer:
    """The answer with what these faults do to its headers, its body and the way it is sent."""
    for fault in faults:
        match fault.kind:
            case "malformed":
                body = answer.body
                answer.pieces = [body[: len(body) * 2 // 3]]
            case "cut":
                answer.cut = True
            case "slow":
                answer.drip = fault.seconds
            case "stall":
                answer.stall = fault.seconds
        if fault.status:
            told = {b"x-rate-limit-remaining": b"0"} if fault.status == 429 else {}
            told |= {b"x-rate-limit-reset": b"%d" % fault.reset} if fault.reset is not None else {}
            answer.headers = [(name, told.get(name, value)) for name, value in answer.headers]
    return answer
