/** uwsgi answers, written: those of CGI behind a status line of HTTP. The end of the connection is the end of the body. */
import { CgiResponseEncoder } from '../cgi/response-encoder.ts';

export class UwsgiResponseEncoder extends CgiResponseEncoder {
  protected override statusLine(status: number, reason: string): string {
    return `HTTP/1.1 ${status} ${reason}`;
  }
}
