/** Tables as comma-separated values. Pure. */

export type Cell = string | number | boolean | null;

/**
 * RFC 4180: a field with a comma, quote or line end stands in quotes. A text that a spreadsheet would take for a
 * formula begins with an apostrophe (OWASP, CSV injection): names are whatever people call their sweeps and files.
 */
export function csv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((row) => row.map(field).join(',')).join('\r\n') + '\r\n';
}

function field(cell: Cell): string {
  const text = cell === null ? '' : typeof cell === 'string' && isFormula(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Numbers that are held as text are none. */
function isFormula(text: string): boolean {
  return /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text));
}
