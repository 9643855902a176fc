"""What a browser needs before it can subscribe to web push: the shop's public VAPID key. Open to everybody, since every page shows it.

In: nothing. Out: the key as `PushManager.subscribe` takes it (`applicationServerKey`, base64url), or 404 where web push is not set up. What the
browser then gives (`PushSubscription.toJSON()`) goes to `PUT /v1/devices/me/address` as text, kind `webpush`.
"""

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from server.records.refusal import NotFound


class WebPushKey(BaseModel):
    public_key: str = Field(
        description="`applicationServerKey` of `PushManager.subscribe`: an uncompressed P-256 point, 65 bytes in base64url"
    )


def webpush_routes(public_key: str | None) -> APIRouter:
    """`public_key` is None where web push is not set up."""
    router = APIRouter(tags=["phones"])

    @router.get("/v1/webpush/key", responses={404: {"description": "Web push is not set up"}})
    async def key(response: Response) -> WebPushKey:
        """The key that a page subscribes with. Needs no token."""
        if public_key is None:
            raise NotFound(
                "web push is not set up: the settings' section webpush needs a private_key and a subject"
            )
        # A page may keep it for an hour: after a change of the key all browsers have to subscribe anew anyway.
        response.headers["Cache-Control"] = "public, max-age=3600"
        return WebPushKey(public_key=public_key)

    return router
