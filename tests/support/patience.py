"""A pytest plugin: what a test waits for may take as long as a busy machine needs.

The communicators' default time-outs are a second or less. They end a wait that would never end; that a second is
enough is nothing that a test of the sandbox means to say. `receive_nothing` keeps its time.
"""

import inspect
from types import FunctionType

SECONDS = 30.0
TIME_OUTS = ("timeout", "max_auth_time")


def wait_longer(function: FunctionType) -> None:
    """Raises the defaults of a function's time-outs."""
    parameters = inspect.signature(function).parameters.values()
    function.__defaults__ = tuple(
        SECONDS if parameter.name in TIME_OUTS else parameter.default
        for parameter in parameters
        if parameter.default is not parameter.empty
    )


def pytest_configure() -> None:
    # Not before Django's settings are known.
    from asgiref.testing import ApplicationCommunicator
    from channels.testing import WebsocketCommunicator

    from chanx.channels.testing import DjangoWebsocketCommunicator
    from chanx.core.testing import WebsocketCommunicatorMixin

    for owner, names in (
        (ApplicationCommunicator, ("receive_output", "wait")),
        (WebsocketCommunicator, ("connect", "disconnect", "receive_from", "receive_json_from")),
        (WebsocketCommunicatorMixin, ("connect", "disconnect", "receive_output", "receive_json_from")),
        (WebsocketCommunicatorMixin, ("receive_all_messages",)),
        (DjangoWebsocketCommunicator, ("wait_for_auth", "assert_authenticated_status_ok")),
    ):
        for name in names:
            wait_longer(vars(owner)[name])
