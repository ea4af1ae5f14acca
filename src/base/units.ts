/** Numbers for people, short enough for a table. Null is what is not known. */

const UNKNOWN = '–';

/** "4.2s", "3m12s", "5h07m", "12d03h". */
export function duration(ms: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const seconds = Math.floor(ms / 1000);
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (seconds < 10) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${minutes}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${hours}h${two(minutes! % 60)}m`;
  return `${days}d${two(hours! % 24)}h`;
}

export function memory(bytes: number | null): string {
  return bytes === null ? UNKNOWN : `${(bytes / 1_048_576).toFixed(1)}M`;
}

export function cpuSeconds(ms: number | null): string {
  return ms === null ? UNKNOWN : `${(ms / 1000).toFixed(2)}s`;
}

export function count(value: number | null): string {
  return value === null ? UNKNOWN : String(value);
}

/** One decimal: "12.5". */
export function rate(value: number | null): string {
  return value === null ? UNKNOWN : value.toFixed(1);
}
