/** SCGI answers, written: those of CGI. The end of the connection is the end of the body. */
export { CgiResponseEncoder as ScgiResponseEncoder } from '../cgi/response-encoder.ts';
