"""The project's own user, so that it can grow without a migration of the user table's name."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person who can log in."""

    class Meta(AbstractUser.Meta):
        """Listed by name."""

        ordering = ["username"]

    @property
    def notice_group(self) -> str:
        """The layer group through which this user's connections hear notices."""
        return notice_group_of(self.pk)


def notice_group_of(user_pk: int) -> str:
    """The layer group of the user with this primary key."""
    return f"user.{user_pk}"
