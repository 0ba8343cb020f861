"""The custom fields of the invented site and the values agents left in them."""

import random
from dataclasses import dataclass
from typing import Any

from sources.sandbox.stamps import stamp_of

_FIRST_DAY, _LAST_DAY = 15_340, 19_700
"""January 2012 to December 2023, in days since 1970: what people type into date fields."""


@dataclass(frozen=True, slots=True)
class Field:
    """`owner` is ticket, customer or company; `kind` is string, boolean, integer, date or list."""

    owner: str
    name: str
    label: str
    kind: str
    choices: tuple[str, ...] = ()
    active: bool = True


FIELDS = (
    Field("ticket", "order_number", "Order number", "string"),
    Field("ticket", "refund_requested", "Refund requested?", "boolean"),
    Field("ticket", "seats", "Seats", "integer"),
    Field("ticket", "renewal_date", "Renewal date", "date"),
    Field("ticket", "product_area", "Product area", "list", ("Billing", "Billing::Invoices", "Shipping")),
    Field("ticket", "fax_number", "Fax number", "string", active=False),
    Field("customer", "crm_reference", "CRM reference", "string"),
    Field("customer", "newsletter", "Newsletter", "boolean"),
    Field("customer", "loyalty_points", "Loyalty points", "integer"),
    Field("customer", "member_since", "Member since", "date"),
    Field("customer", "tier", "Tier", "list", ("Bronze", "Silver", "Gold::Annual", "Gold::Monthly")),
    Field("company", "account_lead", "Account lead", "string"),
    Field("company", "is_partner", "Partner", "boolean"),
    Field("company", "employees", "Employees", "integer"),
    Field("company", "contract_end", "Contract end", "date"),
    Field("company", "industry", "Industry", "list", ("Retail", "Travel", "Software::Hosting")),
)


def values(owner: str, rng: random.Random) -> dict[str, Any]:
    """Every active field of one record: unset ones are null, numbers and dates are text (desk-api 9)."""
    return {field.name: _value(field, rng) for field in FIELDS if field.owner == owner and field.active}


def _value(field: Field, rng: random.Random) -> Any:
    if rng.random() < 0.35:
        return None
    match field.kind:
        case "boolean":
            return rng.choice((False, False, False, "true", "1", "0"))
        case "integer":
            return str(rng.choice((0, 1, 12, 250, rng.randrange(100_000))))
        case "date":
            return stamp_of(rng.randint(_FIRST_DAY, _LAST_DAY) * 86_400)
        case "list":
            return rng.choice(field.choices)
        case _:
            return rng.choice(("", f"{rng.choice('ABK')}-{rng.randrange(10_000_000):07}"))
