from flask import Flask, Response, jsonify, redirect, request

from shared import blocks, client_of, digest_of, endless, fields_of, two_parts

app = Flask(__name__)
app.url_map.merge_slashes = False
app.url_map.strict_slashes = False
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]


@app.route("/echo/", defaults={"rest": ""}, methods=METHODS)
@app.route("/echo/<path:rest>", methods=METHODS)
def echo(rest):
    environ = request.environ
    return jsonify(
        method=request.method,
        root=environ["SCRIPT_NAME"],
        path=environ["PATH_INFO"],
        query=environ["QUERY_STRING"],
        understood=request.path,
        scheme=request.scheme,
        host=request.host,
        fields=fields_of(request.headers),
        body=digest_of(request.stream.read),
    )


@app.get("/client")
def client():
    return jsonify(client_of(request.environ))


@app.get("/big")
def big():
    size = int(request.args["size"])
    return Response(blocks(size), content_type="application/octet-stream", headers={"Content-Length": str(size)})


@app.get("/chunked")
def chunked():
    return Response(blocks(int(request.args["size"])), content_type="application/octet-stream")


@app.get("/stream")
def stream():
    return Response(two_parts(request.environ, request.args["name"]), content_type="text/plain")


@app.get("/endless")
def without_end():
    return Response(endless(request.environ, request.args["name"]), content_type="application/octet-stream")


@app.route("/status/<int:code>")
def status(code):
    body = "" if code in (204, 304) else f"status {code}"
    return Response(body, status=code, content_type="text/plain", headers={"X-Test-Chosen": "yes"})


@app.get("/fields")
def fields():
    answer = Response("fields", content_type="text/plain", headers={"X-Test-Latin": "caf\xe9 \xff"})
    answer.headers["Set-Cookie"] = "a=1; Path=/"
    answer.headers.add("Set-Cookie", "b=2; Path=/")
    return answer


@app.get("/redirect")
def away():
    return redirect("/flask/echo/", code=302)
