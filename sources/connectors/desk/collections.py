"""The seven collections, with the properties Desk documents; whatever else an object carries is kept too."""

from __future__ import annotations

from sources.connectors.desk.searches import InRange, SinceUpdated
from sources.connectors.desk.streams import CreatedStream, IdStream, RelistedStream

BODIES = (
    "body",
    "body_email",
    "body_chat",
    "body_web_callback",
    "body_twitter",
    "body_qna",
    "body_phone",
    "body_facebook",
)


class Brands(RelistedStream):
    collection = path = "brands"
    label = "Brands"
    description = "The brands a support team answers for."
    properties = ("id", "name", "created_at", "updated_at")


class Users(RelistedStream):
    collection = path = "users"
    label = "Users"
    description = "Agents and administrators of the site."
    properties = (
        "id", "name", "public_name", "email", "email_verified", "avatar", "level", "created_at", "updated_at",
        "current_login_at", "last_login_at", "available",
    )  # fmt: skip


class Companies(CreatedStream):
    collection = path = "companies"
    label = "Companies"
    description = "Organisations that customers belong to."
    properties = ("id", "name", "domains", "created_at", "updated_at", "custom_fields")
    created = InRange("companies/search", "created_at")
    search = InRange("companies/search", "updated_at")


class Customers(IdStream):
    collection = path = "customers"
    label = "Customers"
    description = "People who wrote to the support team."
    people = True
    properties = (
        "id", "first_name", "last_name", "company", "title", "avatar", "uid", "external_id", "background",
        "language", "locked_until", "created_at", "updated_at", "emails", "phone_numbers", "addresses",
        "custom_fields", "access_private_portal", "access_company_cases", "company_id", "facebook_user_id",
        "twitter_user_id", "locked_by_id",
    )  # fmt: skip
    references = (
        ("company_id", "company"),
        ("facebook_user_id", "facebook_user"),
        ("twitter_user_id", "twitter_user"),
        ("locked_by_id", "locked_by"),
    )
    search = SinceUpdated("customers/search")


class Articles(RelistedStream):
    collection = path = "articles"
    label = "Articles"
    description = "The knowledge base, with the text for each channel."
    per_page = 100  # an article has a text for each channel: five hundred might be too long for one answer
    properties = (
        "id", "subject", "position", "quickcode", "keywords", "publish_at", "created_at", "updated_at",
        *BODIES, *(f"{body}_auto" for body in BODIES[1:]), "rating", "rating_count", "rating_score",
        "public_url", "in_support_center", "internal_notes", "locale", "available_locales", "topic_id",
        "created_by_id", "updated_by_id",
    )  # fmt: skip
    references = (("topic_id", "topic"), ("created_by_id", "created_by"), ("updated_by_id", "updated_by"))


class Cases(IdStream):
    collection = "cases"
    path = "cases/search"
    label = "Cases"
    description = "Conversations with customers, in their latest state."
    properties = (
        "id", "external_id", "blurb", "subject", "priority", "description", "status", "type", "labels",
        "label_ids", "language", "custom_fields", "created_at", "updated_at", "changed_at", "active_at",
        "received_at", "locked_until", "first_opened_at", "opened_at", "first_resolved_at", "resolved_at",
        "suppress_rules", "route_status", "customer_id", "assigned_user_id", "assigned_group_id",
        "locked_by_id",
    )  # fmt: skip
    references = (
        ("customer_id", "customer"),
        ("assigned_user_id", "assigned_user"),
        ("assigned_group_id", "assigned_group"),
        ("locked_by_id", "locked_by"),
    )
    search = SinceUpdated("cases/search")


class Feedbacks(RelistedStream):
    collection = path = "feedbacks"
    label = "Feedbacks"
    description = "Customers' ratings of answers."
    properties = (
        "id", "rating", "rating_type", "additional_feedback", "created_at", "updated_at", "user", "case",
        "customer_id", "reply_id",
    )  # fmt: skip
    references = (("user", "user"), ("case", "case"), ("customer_id", "customer"), ("reply_id", "reply"))
