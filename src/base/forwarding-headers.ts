/**
 * The header fields by which proxies tell who their client was, and what each is about, as mod_wsgi has it. `nothing`:
 * they mean nothing to a server, but perhaps to its application.
 */
type Meaning = 'forwarded' | 'addresses' | 'scheme' | 'switch' | 'host' | 'port' | 'nothing';

/** By lower-case name. */
export const FORWARDING_MEANINGS: Readonly<Record<string, Meaning>> = {
  forwarded: 'forwarded',
  'x-forwarded-for': 'addresses',
  'x-client-ip': 'addresses',
  'x-real-ip': 'addresses',
  'cf-connecting-ip': 'addresses',
  'true-client-ip': 'addresses',
  'x-forwarded-proto': 'scheme',
  'x-forwarded-scheme': 'scheme',
  'x-scheme': 'scheme',
  'x-forwarded-ssl': 'switch',
  'x-forwarded-https': 'switch',
  'x-https': 'switch',
  'x-forwarded-host': 'host',
  'x-host': 'host',
  'x-forwarded-port': 'port',
  'x-forwarded-server': 'nothing',
  'x-forwarded-prefix': 'nothing',
  'x-forwarded-script-name': 'nothing',
  'x-script-name': 'nothing',
};
