"""4 KB that caches may keep."""

BODY = b"abcdefgh" * 512


def application(environ, start_response):
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY))), ("Cache-Control", "max-age=3600")]
    start_response("200 OK", headers)
    return [BODY]
