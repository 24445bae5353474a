"""The AsyncAPI document of the sandbox's own consumers."""

import pytest


def test_the_short_address_leads_to_the_page(client):
    response = client.get("/asyncapi/", follow=True)
    assert response.status_code == 200
    assert "CHANX AsyncAPI Documentation" in response.content.decode()


@pytest.mark.parametrize(
    "address",
    ["ws/chat/{group_name}", "ws/chat/{pk}", "ws/assistants", "ws/assistants/{pk}", "ws/system"],
)
def test_every_address_is_documented(client, address):
    channels = client.get("/asyncapi/schema/").json()["channels"].values()
    assert address in {channel["address"].rstrip("/") for channel in channels}
