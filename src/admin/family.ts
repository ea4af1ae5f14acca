/** Makes families of metrics. */
import type { Family, Labels, Sample } from './exposition.ts';

/** Without labels. */
export const one = (value: Sample['value']): Sample[] => [{ labels: {}, value }];

/** `value`: null for items that have none. */
export function each<T>(
  items: Iterable<T>,
  labels: (item: T) => Labels,
  value: (item: T) => Sample['value'] | null,
) {
  return Array.from(items).flatMap((item): Sample[] => {
    const found = value(item);
    return found === null ? [] : [{ labels: labels(item), value: found }];
  });
}

export function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'counter', help, samples };
}

export function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}

export function histogram(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'histogram', help, samples };
}
