"""The smallest Flask application: `vivarium serve examples/flask-hello`."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello from Flask\n"
