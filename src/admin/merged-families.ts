/**
 * What several applications count themselves, each with the name of its application. A metric that two of them have is
 * one metric with the samples of both; where they do not agree of what kind it is, that of the first one is shown.
 */
import type { Log } from '../telemetry/log.ts';
import type { Family, Labels, Sample } from './exposition.ts';

export class MergedFamilies {
  readonly #log: Log;
  /** Conflicts that were said: each once. */
  readonly #said = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  of(applications: readonly (readonly [application: string, families: readonly Family[]])[]): Family[] {
    const merged = new Map<string, { application: string; family: Family; samples: Sample[] }>();
    for (const [application, families] of applications) {
      for (const family of families) {
        const samples = family.samples.map(({ labels, value }) => ({
          labels: labelled(labels, application),
          value,
        }));
        const known = merged.get(family.name);
        if (known === undefined) merged.set(family.name, { application, family, samples });
        else if (known.family.type === family.type) known.samples.push(...samples);
        else this.#sayConflict(family.name, known.application, application);
      }
    }
    return Array.from(merged.values(), ({ family, samples }) => ({ ...family, samples }));
  }

  #sayConflict(name: string, first: string, second: string): void {
    const key = `${name} ${first} ${second}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    const other = `the applications ${first} and ${second} have it as metrics of different kinds`;
    this.#log.warn('metric-conflict', `${name}: ${other}. Only that of ${first} is shown`);
  }
}

/** A label of that name of its own is kept as Prometheus keeps it: under another name. */
function labelled(labels: Labels, application: string): Labels {
  const { application: own, ...others } = labels;
  return { application, ...(own === undefined ? {} : { exported_application: own }), ...others };
}
