"""Makes the demo data; running it again changes nothing."""

from typing import Any

from chat.models import ChatMember, ChatMessage
from chat.services import create_group
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from accounts.demo import DEMO_GROUP, DEMO_LOGINS, DEMO_PASSWORD, DemoLogin
from accounts.models import User


class Command(BaseCommand):
    """`manage.py seed_demo`."""

    help = "Makes the demo accounts alice, bob and admin (password: demo) and a group. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Goes through the steps, telling each."""
        if not settings.DEMO_LOGINS:
            raise CommandError(
                "seed_demo makes accounts with a published password, so it runs under the "
                "development and test settings only (DJANGO_SETTINGS_MODULE=config.settings.dev)"
            )
        steps = len(DEMO_LOGINS) + 1
        for number, login in enumerate(DEMO_LOGINS, 1):
            state = self._seed(login)
            self.stdout.write(f"[{number}/{steps}] {login.username}: {state}")
        self.stdout.write(f"[{steps}/{steps}] group {DEMO_GROUP}: {self._seed_group()}")

    @transaction.atomic
    def _seed_group(self) -> str:
        alice, bob = (User.objects.get(username=name) for name in ("alice", "bob"))
        if ChatMember.objects.filter(group_chat__title=DEMO_GROUP, user=alice).exists():
            return "already there"
        group = create_group(DEMO_GROUP, alice)
        ChatMember.objects.create(group_chat=group, user=bob)
        for sender, content in ((alice, "Welcome, Bob."), (bob, "Hello Alice.")):
            ChatMessage.objects.create(group_chat=group, sender=sender, content=content)
        return "made"

    @transaction.atomic
    def _seed(self, login: DemoLogin) -> str:
        user, created = User.objects.get_or_create(username=login.username)
        if not created:
            return "already there"
        user.set_password(DEMO_PASSWORD)
        user.first_name = login.username.capitalize()
        user.is_staff = user.is_superuser = login.is_admin
        user.save()
        return "made"
