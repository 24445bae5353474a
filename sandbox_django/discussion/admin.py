"""Topics, replies and votes in the admin."""

from django.contrib import admin

from discussion.models import Reply, ReplyVote, Topic, TopicVote


class ReplyInline(admin.StackedInline):
    """A topic's replies."""

    model = Reply
    fk_name = "topic"
    extra = 0
    raw_id_fields = ["author"]


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    """Topics with their replies."""

    list_display = ["title", "author", "created_at", "active_at"]
    search_fields = ["title", "body"]
    raw_id_fields = ["author", "accepted_reply"]
    inlines = [ReplyInline]


@admin.register(Reply)
class ReplyAdmin(admin.ModelAdmin):
    """Replies to all topics."""

    list_display = ["__str__", "topic", "created_at"]
    search_fields = ["body"]
    raw_id_fields = ["author", "topic"]


@admin.register(TopicVote, ReplyVote)
class VoteAdmin(admin.ModelAdmin):
    """Votes of all users."""

    list_display = ["__str__", "created_at"]
    list_filter = ["value"]
    raw_id_fields = ["user"]
