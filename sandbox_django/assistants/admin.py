"""Conversations in the admin."""

from django.contrib import admin

from assistants.models import AssistantConversation, AssistantMessage


@admin.register(AssistantConversation)
class AssistantConversationAdmin(admin.ModelAdmin):
    """Conversations by title and owner."""

    list_display = ["__str__", "user", "updated_at"]
    search_fields = ["title", "user__username"]


@admin.register(AssistantMessage)
class AssistantMessageAdmin(admin.ModelAdmin):
    """Messages by conversation."""

    list_display = ["__str__", "conversation", "created_at"]
    search_fields = ["content"]
