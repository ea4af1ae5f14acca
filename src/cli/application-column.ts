/** The column that says which application a row belongs to, where there are several. */
import { printable } from './control-command.ts';
import type { Column } from './table.ts';

interface Row {
  readonly application: string;
}

export function withApplication<R extends Row>(
  columns: readonly Column<R>[],
  areSeveral: boolean,
): readonly Column<R>[] {
  if (!areSeveral) return columns;
  return [
    { title: 'APPLICATION', value: ({ application }) => printable(application), isText: true },
    ...columns,
  ];
}
