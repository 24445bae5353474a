"""Makes the demo data; running it again changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from accounts.demo import DEMO_LOGINS, DEMO_PASSWORD, DemoLogin
from accounts.models import User


class Command(BaseCommand):
    """`manage.py seed_demo`."""

    help = "Makes the demo accounts alice, bob and admin (password: demo). Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        """Goes through the steps, telling each."""
        if not settings.DEMO_LOGINS:
            raise CommandError(
                "seed_demo makes accounts with a published password, so it runs under the "
                "development and test settings only (DJANGO_SETTINGS_MODULE=config.settings.dev)"
            )
        for number, login in enumerate(DEMO_LOGINS, 1):
            state = self._seed(login)
            self.stdout.write(f"[{number}/{len(DEMO_LOGINS)}] {login.username}: {state}")

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
