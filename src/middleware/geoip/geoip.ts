/**
 * Tells the application and the routes that follow where the client is: GEOIP_* variables, with the names of Apache's
 * mod_geoip. What is not known has no variable.
 */
import type { GeoipSettings } from '../../config/sections/geoip.ts';
import type { Middleware } from '../../handler.ts';
import type { Log } from '../../telemetry/log.ts';
import { Database } from './database.ts';

/** Where a variable is in a record of GeoIP2 and GeoLite2 databases. */
const VARIABLES: readonly [name: string, path: readonly (string | number)[]][] = [
  ['GEOIP_CONTINENT_CODE', ['continent', 'code']],
  ['GEOIP_COUNTRY_CODE', ['country', 'iso_code']],
  ['GEOIP_COUNTRY_NAME', ['country', 'names', 'en']],
  ['GEOIP_REGION', ['subdivisions', 0, 'iso_code']],
  ['GEOIP_REGION_NAME', ['subdivisions', 0, 'names', 'en']],
  ['GEOIP_CITY', ['city', 'names', 'en']],
  ['GEOIP_POSTAL_CODE', ['postal', 'code']],
  ['GEOIP_LATITUDE', ['location', 'latitude']],
  ['GEOIP_LONGITUDE', ['location', 'longitude']],
  ['GEOIP_TIME_ZONE', ['location', 'time_zone']],
  ['GEOIP_ASN', ['autonomous_system_number']],
  ['GEOIP_ORGANIZATION', ['autonomous_system_organization']],
];

const NOTHING: readonly string[] = [];

/** Throws when a database cannot be read. */
export function geoip({ databases }: GeoipSettings, log: Log): Middleware {
  const opened = databases.map((file) => openDatabase(file, log));
  return (next) => (exchange) => {
    for (const database of opened) {
      const variables = database.find(exchange.request.remoteAddress);
      if (variables.length > 0) exchange.environ = [...(exchange.environ ?? NOTHING), ...variables];
    }
    next(exchange);
  };
}

function openDatabase(file: string, log: Log): Database<readonly string[]> {
  try {
    return new Database(file, readVariables, NOTHING, log);
  } catch (error) {
    throw new Error(`cannot read the geoip database ${file}: ${(error as Error).message}`);
  }
}

/** Name, value, …, as bytes in latin-1. */
function readVariables(record: unknown): readonly string[] {
  return VARIABLES.flatMap(([name, path]) => {
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      record,
    );
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    // NUL separates variables on their way to the application.
    return [name, Buffer.from(String(value), 'utf8').latin1Slice().replaceAll('\0', '')];
  });
}
