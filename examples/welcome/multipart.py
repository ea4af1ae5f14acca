"""Reads multipart/form-data (RFC 7578) with the parser of the standard library's email package.

The gateway has collected the whole body and kept it to limit-request-body, so it is read into memory here.
"""

from email.parser import BytesParser
from email.policy import HTTP


class Part:
    """One field of the form: `filename` is None where it is not a file."""

    def __init__(self, name, filename, content_type, content):
        self.name = name
        self.filename = filename
        self.content_type = content_type
        self.content = content


def read_form_data(environ):
    """The parts of the request's body; an empty list when it is not a form."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    head = "Content-Type: {}\r\n\r\n".format(environ.get("CONTENT_TYPE", "")).encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + environ["wsgi.input"].read(size))
    if message.get_content_type() != "multipart/form-data" or not message.is_multipart():
        return []
    return [
        Part(
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True) or b"",
        )
        for part in message.iter_parts()
    ]
