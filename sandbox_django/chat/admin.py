"""Groups in the admin."""

from django.contrib import admin

from chat.models import ChatMember, ChatMessage, GroupChat


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
