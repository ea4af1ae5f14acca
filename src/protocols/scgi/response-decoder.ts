/** Answers of SCGI servers: CGI responses, one a connection, which ends with it. */
export { CgiResponseParser as ScgiResponseDecoder } from '../cgi/response-parser.ts';
