"""The operator's view of the installation."""

from django.contrib import admin

from workspace.models import Membership, RoleGrant, User, Workspace


class Grants(admin.TabularInline):
    """Roles of a member."""

    model = RoleGrant
    extra = 0


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin):
    """Tenants and their plans."""

    list_display = ("slug", "name", "plan", "region", "created_at")
    search_fields = ("slug", "name")


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People; passwords are set by `bootstrap` or by themselves."""

    list_display = ("email", "is_active", "is_staff", "last_login")
    search_fields = ("email",)
    fields = ("email", "name", "time_zone", "is_active", "is_staff", "is_superuser")


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """Who is in which workspace."""

    list_display = ("user", "workspace", "created_at")
    inlines = (Grants,)
