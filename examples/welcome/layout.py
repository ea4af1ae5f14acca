"""The frame around every page, and the only place where HTML is put together."""

from html import escape

LINKS = [
    ("/", "Welcome"),
    ("/form", "Form"),
    ("/upload", "Upload"),
    ("/stream", "Stream"),
    ("/environ", "Environ"),
]

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Vivarium</title>
<link rel="icon" href="/static/vivarium.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/welcome.css">
</head>
<body>
<header>
<a class="brand" href="/"><img src="/static/vivarium.svg" alt="" width="36" height="36">Vivarium</a>
<nav aria-label="Pages"><ul>{links}</ul></nav>
</header>
<main>
<h1>{title}</h1>
"""

FOOT = """
</main>
<footer>This page comes from <code>examples/welcome/wsgi.py</code>; its style sheet and image from the gateway.</footer>
</body>
</html>
"""


def head(title, path=None):
    """The page down to where its content begins, so that a page can be sent in pieces."""
    links = "".join(
        '<li><a href="{}"{}>{}</a></li>'.format(url, ' aria-current="page"' if url == path else "", name)
        for url, name in LINKS
    )
    return HEAD.format(title=escape(title), links=links)


def page(title, content, path=None):
    return head(title, path) + content + FOOT


def table(caption, rows):
    """A table of names and values; both are escaped here."""
    body = "".join(
        '<tr><th scope="row">{}</th><td>{}</td></tr>'.format(escape(str(name)), escape(str(value)))
        for name, value in rows
    )
    return "<table><caption>{}</caption><tbody>{}</tbody></table>".format(escape(caption), body)
