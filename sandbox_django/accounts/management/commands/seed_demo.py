"""Makes the demo data; running it again changes nothing."""

from collections.abc import Callable
from typing import Any

from chat.models import ChatInvitation, ChatMember, ChatMessage, GroupChat
from discussion.models import Reply, Topic, TopicVote
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from accounts.demo import (
    DEMO_GROUPS,
    DEMO_LOGINS,
    DEMO_PASSWORD,
    DEMO_TOPICS,
    DemoGroup,
    DemoLogin,
    DemoTopic,
)
from accounts.models import User


class Command(BaseCommand):
    """`manage.py seed_demo`."""

    help = (
        "Makes the demo accounts alice, bob and admin (password: demo), groups of the chat and topics of the "
        "discussion. Safe to run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Goes through the steps, telling each."""
        if not settings.DEMO_LOGINS:
            raise CommandError(
                "seed_demo makes accounts with a published password, so it runs under the "
                "development and test settings only (DJANGO_SETTINGS_MODULE=config.settings.dev)"
            )
        steps: list[tuple[str, Callable[[Any], bool], Any]] = [
            *((login.username, self._login, login) for login in DEMO_LOGINS),
            *((f"group {group.title}", self._group, group) for group in DEMO_GROUPS),
            *((f"topic {topic.title}", self._topic, topic) for topic in DEMO_TOPICS),
        ]
        for number, (name, make, data) in enumerate(steps, 1):
            with transaction.atomic():
                state = "made" if make(data) else "already there"
            self.stdout.write(f"[{number}/{len(steps)}] {name}: {state}")

    def _login(self, login: DemoLogin) -> bool:
        user, created = User.objects.get_or_create(username=login.username)
        if created:
            user.set_password(DEMO_PASSWORD)
            user.first_name = login.username.capitalize()
            user.is_staff = user.is_superuser = login.is_admin
            user.save()
        return created

    # Rows are written directly: the services would tell open pages, for which a command needs the layer.

    def _group(self, data: DemoGroup) -> bool:
        if GroupChat.objects.filter(title=data.title, members__user__username__in=data.members).exists():
            return False
        users = _users()
        group = GroupChat.objects.create(title=data.title, is_public=data.is_public)
        for name, role in data.members.items():
            ChatMember.objects.create(group_chat=group, user=users[name], role=role)
        for name in data.invited:
            first = next(iter(data.members))
            ChatInvitation.objects.create(group_chat=group, user=users[name], invited_by=users[first])
        for name, content in data.lines:
            ChatMessage.objects.create(group_chat=group, sender=users[name], content=content)
        return True

    def _topic(self, data: DemoTopic) -> bool:
        users = _users()
        topic, created = Topic.objects.get_or_create(
            title=data.title, author=users[data.author], defaults={"body": data.body}
        )
        if not created:
            return False
        replies = [
            Reply.objects.create(topic=topic, author=users[name], body=body) for name, body in data.replies
        ]
        for name in data.votes:
            TopicVote.objects.create(topic=topic, user=users[name], value=TopicVote.Value.UP)
        if data.accepted is not None:
            topic.accepted_reply = replies[data.accepted]
            topic.save(update_fields=["accepted_reply"])
        return True


def _users() -> dict[str, User]:
    return {
        user.get_username(): user
        for user in User.objects.filter(username__in=[d.username for d in DEMO_LOGINS])
    }
