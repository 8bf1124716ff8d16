/** Tables for people and CSV for programs. Pure. */

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
}

/** Columns padded to their widest cell, two spaces between them, no space at a line's end. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map((column) => column.title), ...rows.map((row) => columns.map((column) => column.value(row)))];
  // Not by spreading: a call takes some 100,000 arguments, and a table may have more rows.
  const widths = columns.map((_, index) => cells.reduce((width, line) => Math.max(width, (line[index] ?? '').length), 0));
  return cells.map((line) =>
    line
      .map((cell, index) => (columns[index]?.align === 'right' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** RFC 4180: cells with a comma, a quote or a line break are quoted. */
export function csv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** One character per value, from the lowest to the highest; a space where there is none. */
export function sparkline(values: readonly (number | null)[]): string {
  const bars = '▁▂▃▄▅▆▇█';
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const low = Math.min(...known);
  const high = Math.max(...known);
  return values
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return ' ';
      const place = high === low ? 0 : Math.round(((value - low) / (high - low)) * (bars.length - 1));
      return bars[place] ?? ' ';
    })
    .join('');
}

/** Counts of images, confusion[true][predicted], with the classes' names. */
export function confusionTable(confusion: readonly (readonly number[])[], classes: readonly string[]): string[] {
  const columns: Column<number>[] = [
    { title: 'true \\ predicted', value: (truth) => classes[truth] ?? String(truth) },
    ...confusion.map((_, predicted): Column<number> => ({
      title: classes[predicted] ?? String(predicted),
      value: (truth) => String(confusion[truth]?.[predicted] ?? 0),
      align: 'right',
    })),
  ];
  return table(columns, confusion.map((_, truth) => truth));
}
