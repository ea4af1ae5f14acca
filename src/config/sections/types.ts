/** Types of values that only sections have. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { isNetwork } from '../../base/address-list.ts';
import { compilePattern } from '../../base/pattern.ts';
import { compilePath, compileUrl, PATH_ALLOWED, URL_ALLOWED } from '../../url-template.ts';
import { compileTemplate, TEMPLATE_ALLOWED } from '../../variables.ts';
import { parseUpstreamAddress, parseUpstreamUrl, SCHEMES_TEXT } from '../upstream-address.ts';
import { numberFromText, type ValueType } from '../value-types.ts';

/** A text that is `allowed`. */
export function checked(
  placeholder: string,
  allowed: string,
  isValid: (value: string) => boolean,
): ValueType<string> {
  const schema = z.string().refine((value) => !value.includes('\0') && isValid(value));
  return { schema, allowed, placeholder, fromText: (value) => value, format: String };
}

/** A text with variables in braces: see variables.ts. */
export const template = checked('TEMPLATE', TEMPLATE_ALLOWED, (text) => compileTemplate(text) !== null);

/** Where a client is sent to, and what a path is rewritten to: see url-template.ts. */
export const urlTemplate = checked('URL', URL_ALLOWED, (text) => compileUrl(text) !== null);
export const pathTemplate = checked('PATH', PATH_ALLOWED, (text) => compilePath(text) !== null);

const PATTERN_ALLOWED =
  'in which * stands for any characters, or ~ and a regular expression, or ~* and one that ignores case';

/** What a path is compared with: see base/pattern.ts. */
export const pathPattern = checked(
  'PATH',
  `a path like /about or /static/*, ${PATTERN_ALLOWED}`,
  (text) => /^[/*~]/.test(text) && compilePattern(text) !== null,
);

/** What the value of a field or parameter is compared with. */
export const pattern = checked(
  'PATTERN',
  `a text ${PATTERN_ALLOWED}`,
  (text) => compilePattern(text) !== null,
);

export const network = checked(
  'ADDRESS',
  'an IP address or a network like 10.0.0.0/8 or 2001:db8::/32',
  isNetwork,
);

/** A name, or a wildcard for all names below one; optionally with the port that the client came to. */
export const hostPattern = checked(
  'HOST',
  'a host like example.org, a wildcard like *.example.org, an address, or one of these with :PORT',
  (text) => /^(\*|(\*\.)?[a-z\d]([a-z\d_.-]*[a-z\d])?\.?|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(text),
);

/** RFC 9110, section 5.6.2. */
export const token = checked('NAME', "a name of letters, digits and !#$%&'*+-.^_`|~", (text) =>
  /^[!#$%&'*+.^_`|~\w-]+$/.test(text),
);

/** A value of a header field: no control characters. */
export const fieldValue = checked(
  'VALUE',
  `${TEMPLATE_ALLOWED}; no line breaks`,
  (text) => /^[^\x00-\x08\x0a-\x1f\x7f]*$/.test(text) && compileTemplate(text) !== null,
);

/** What follows from the body of the request is not for others to say, and no name is to pass for a header field. */
export const cgiVariable = checked(
  'NAME',
  'a name of letters, digits and _, but not CONTENT_LENGTH, SCGI and HTTP_PROXY',
  (text) => /^[A-Za-z_]\w*$/.test(text) && !/^(CONTENT_LENGTH$|HTTP_PROXY$|SCGI$)/.test(text),
);

/** The framing of a message and its connection are not to be changed: others rely on them. */
const FRAMING =
  /^(connection|content-length|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/i;

export const changeableField = checked(
  'NAME',
  'the name of a header field that says nothing of framing or connection',
  (text) => /^[!#$%&'*+.^_`|~\w-]+$/.test(text) && !FRAMING.test(text),
);

/** A status of an error, or all of its class. */
export const errorStatus = checked('STATUS', 'a status like 404, or 4xx or 5xx', (text) =>
  /^[45](\d\d|xx)$/.test(text),
);

const REDIRECTS = [301, 302, 303, 307, 308];

export const redirectStatus: ValueType<number> = {
  schema: z.literal(REDIRECTS),
  allowed: '301, 302, 303, 307 or 308',
  placeholder: 'STATUS',
  fromText: numberFromText,
  format: String,
};

/** A path with a query, as it stands in a request line. */
export const requestTarget = checked('PATH', 'a path like /health?full=1', (text) =>
  /^\/([!-"$&-~]|%[\da-f]{2})*$/i.test(text),
);

const withSocketPath: Pick<ValueType<string>, 'resolveIn'> = {
  resolveIn: (value, directory) =>
    value.replace(
      /^((?:[a-z\d]+:\/\/)?unix:)(.*?)(:\/.*)?$/,
      (_, before: string, path: string, after = '') => before + resolve(directory, path) + after,
    ),
};

/** A server, or a name that leads to some. */
export const upstreamAddress: ValueType<string> = {
  ...checked(
    'ADDRESS',
    `HOST:PORT, [IPV6]:PORT, unix:PATH, or srv:NAME for SRV records; before it ${SCHEMES_TEXT} where it is not HTTP`,
    (text) => parseUpstreamAddress(text) !== null,
  ),
  ...withSocketPath,
};

/** A server that is described by its URL alone. */
export const proxyUrl: ValueType<string> = {
  ...checked(
    'TARGET',
    `a URL like http://127.0.0.1:3000 or https://HOST/PATH (${SCHEMES_TEXT}), or unix:PATH`,
    (text) => parseUpstreamUrl(text) !== null,
  ),
  ...withSocketPath,
};

/** One of [upstreams], or a URL. */
export const proxyTarget: ValueType<string> = {
  ...checked(
    'UPSTREAM',
    `the name of one of [upstreams], a URL like http://127.0.0.1:3000 or https://HOST/PATH (${SCHEMES_TEXT}), or unix:PATH`,
    (text) => /^[\w.-]+$/.test(text) || parseUpstreamUrl(text) !== null,
  ),
  ...withSocketPath,
};

/** A status of an answer, or all of its class. */
export const answerStatus = checked('STATUS', 'a status like 404, or a class like 5xx', (text) =>
  /^[1-5](\d\d|xx)$/.test(text),
);

/** Where the lines of an access log go. */
export const logTarget = checked(
  'TARGET',
  'the name of a file, stdout, udp://HOST:PORT or tcp://HOST:PORT',
  (text) => /^((udp|tcp):\/\/([\w.-]+|\[[\da-f:.]+\]):\d{1,5}|[^:]+)$/i.test(text) && !text.endsWith('/'),
);
