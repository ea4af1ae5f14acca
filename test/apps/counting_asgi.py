"""counting.py for ASGI servers, without its waiting. `/health` is not counted."""

from urllib.parse import parse_qs

from counting import count


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])  # for a server: it does without the lifespan
    answer = "well"
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    if scope["path"] != "/health":
        answer = parse_qs(scope["query_string"].decode())["id"][0]
        count(answer)
    fields = [(b"content-type", b"text/plain"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": answer.encode()})
