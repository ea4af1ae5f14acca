"""counting.py as an application of tornado, without its waiting."""

from counting import count
from tornado.web import Application, RequestHandler


class Counting(RequestHandler):
    def get(self):
        request_id = self.get_query_argument("id")
        count(request_id)
        self.finish(request_id)

    post = get


app = Application([("/", Counting)])
