/** Tables for people: a line of titles, and a line for each row. */

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Text stands at the left, numbers at the right. */
  readonly isText?: boolean;
}

/** Lines without a line break. The last column is not filled up when it is text. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ value }) => value(row))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]!.length)));
  const pad = (cell: string, at: number) =>
    columns[at]!.isText ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!);
  return cells.map((line) => line.map(pad).join('  ').trimEnd());
}
