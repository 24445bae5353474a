"""Groups in the admin."""

from django.contrib import admin

from chat.models import ChatInvitation, ChatMember, ChatMessage, ChatPresence, GroupChat


class ChatMemberInline(admin.TabularInline):
    """A group's members."""

    model = ChatMember
    extra = 0


@admin.register(GroupChat)
class GroupChatAdmin(admin.ModelAdmin):
    """Groups with their members."""

    inlines = [ChatMemberInline]
    search_fields = ["title"]


@admin.register(ChatMember)
class ChatMemberAdmin(admin.ModelAdmin):
    """Members of all groups."""

    list_display = ["user", "group_chat", "role", "joined_at"]
    list_filter = ["role"]


@admin.register(ChatMessage)
class ChatMessageAdmin(admin.ModelAdmin):
    """Lines of all groups."""

    list_display = ["__str__", "group_chat", "created_at"]
    search_fields = ["content"]


@admin.register(ChatInvitation)
class ChatInvitationAdmin(admin.ModelAdmin):
    """Invitations that are not answered yet."""

    list_display = ["user", "group_chat", "invited_by", "created_at"]


@admin.register(ChatPresence)
class ChatPresenceAdmin(admin.ModelAdmin):
    """Who has which group open."""

    list_display = ["user", "group_chat", "seen_at"]
