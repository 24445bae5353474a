"""Sessions, models and presets in the admin."""

from django.contrib import admin

from ai_chat.models import ChatSession, LanguageModel, Message, Preference, Preset


@admin.register(ChatSession)
class ChatSessionAdmin(admin.ModelAdmin):
    """Sessions by title and owner."""

    list_display = ("__str__", "user", "model", "is_active", "updated_at")
    list_filter = ("is_active",)
    search_fields = ("title", "user__username")


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """Messages, the failed ones among them."""

    list_display = ("__str__", "session", "status", "model", "created_at")
    list_filter = ("role", "status")
    readonly_fields = ("server", "tool_calls", "created_at")
    search_fields = ("content",)


@admin.register(LanguageModel)
class LanguageModelAdmin(admin.ModelAdmin):
    """Models as synchronised."""

    list_display = ("name", "owned_by", "is_active", "supports_tools", "synced_at")
    list_filter = ("is_active",)
    search_fields = ("name",)


@admin.register(Preference)
class PreferenceAdmin(admin.ModelAdmin):
    """Default models of users."""

    list_display = ("user", "default_model")


@admin.register(Preset)
class PresetAdmin(admin.ModelAdmin):
    """Presets by owner."""

    list_display = ("name", "owner", "model", "is_public")
    list_filter = ("is_public",)
    search_fields = ("name", "description", "owner__username")
