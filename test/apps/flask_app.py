"""A Flask application: routing, a form, an upload, JSON, a streamed and a failing view, sessions."""

import hashlib

from flask import Flask, Response, jsonify, redirect, request, session

app = Flask(__name__)
app.secret_key = "only for the tests"


@app.get("/")
def hello():
    return "Hello from Flask"


@app.get("/greet/<name>")
def greet(name):
    return jsonify(name=name, url=request.url, root=request.script_root, scheme=request.scheme)


@app.post("/form")
def form():
    return jsonify(request.form.to_dict())


@app.post("/upload")
def upload():
    file = request.files["file"]
    content = file.read()
    return jsonify(name=file.filename, size=len(content), sha256=hashlib.sha256(content).hexdigest())


@app.get("/stream")
def stream():
    return Response((f"line {n}\n" for n in range(5)), mimetype="text/plain")


@app.get("/login")
def login():
    session["user"] = "ada"
    return redirect("/who")


@app.get("/who")
def who():
    return session.get("user", "nobody")


@app.get("/fail")
def fail():
    raise RuntimeError("a view that fails")
