/** Answers of uWSGI and its kin: an HTTP status line or `Status`, then as in CGI; one a connection, which ends with it. */
export { CgiResponseParser as UwsgiResponseDecoder } from '../cgi/response-parser.ts';
