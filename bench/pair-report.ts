/** The cases of two servers (peers/pairs.ts), which are many and alike: one table and one panel of the chart for each place. */
import type { Between } from './cases.ts';
import { type Bar, formatNumber, type Panel } from './chart.ts';
import { type CaseFigures, findFigure, ratio } from './figures.ts';
import type { Table } from './tables.ts';

interface Place {
  readonly title: string;
  readonly front: Between['front'];
  /** Who is compared, by the names of the stacks and in a word. */
  readonly ours: string;
  readonly theirs: string;
  readonly rival: string;
}

const PLACES: readonly Place[] = [
  {
    title: 'Behind nginx',
    front: 'nginx',
    ours: 'vivarium behind nginx',
    theirs: 'uWSGI behind nginx',
    rival: 'uWSGI',
  },
  {
    title: 'Behind Apache',
    front: 'Apache',
    ours: 'vivarium behind Apache',
    theirs: 'uWSGI behind Apache',
    rival: 'uWSGI',
  },
  {
    title: 'In front of uWSGI',
    front: 'nginx',
    ours: 'uWSGI behind vivarium',
    theirs: 'uWSGI behind nginx',
    rival: 'nginx',
  },
];

const METRIC = 'requestsPerCpuSecond';

/** By the place of the server that is compared; none for a place that was not measured. */
export function pairTables(
  cases: readonly CaseFigures[],
): { readonly title: string; readonly table: Table }[] {
  return PLACES.flatMap((place) => {
    const rows = casesOf(place, cases).map(({ test }) => {
      const { protocol, socket } = test.between!;
      const cells = [place.ours, place.theirs].map((stack) => medianOf(cases, test.name, stack));
      const times = ratio(cases, test.name, METRIC, place.ours, place.theirs);
      const numbers = cells.map((each) => (each === null ? 'invalid' : formatNumber(each)));
      return [protocol, socket, ...numbers, times === null ? '' : `${formatNumber(times)} ×`];
    });
    const heading = ['protocol', 'socket', 'vivarium', place.rival, `vivarium ÷ ${place.rival}`];
    return rows.length === 0 ? [] : [{ title: place.title, table: [heading, ...rows] }];
  });
}

export function pairPanels(cases: readonly CaseFigures[]): Panel[] {
  return PLACES.flatMap((place) => {
    const bars = casesOf(place, cases).flatMap(({ test }) => {
      const { protocol, socket } = test.between!;
      const bar = (stack: string, name: string, isOurs: boolean): Bar[] => {
        const value = medianOf(cases, test.name, stack);
        return value === null ? [] : [{ label: `${name}, ${protocol}, ${socket}`, value, isOurs }];
      };
      return [...bar(place.ours, 'vivarium', true), ...bar(place.theirs, place.rival, false)];
    });
    return bars.length === 0 ? [] : [{ title: place.title, unit: 'requests/CPU-s', bars }];
  });
}

function casesOf({ front, ours, theirs }: Place, cases: readonly CaseFigures[]): readonly CaseFigures[] {
  return cases.filter(
    ({ test, figures }) =>
      test.between?.front === front && figures.some(({ stack }) => stack === ours || stack === theirs),
  );
}

function medianOf(cases: readonly CaseFigures[], test: string, stack: string): number | null {
  return findFigure(cases, test, stack)?.load?.[METRIC].median ?? null;
}
