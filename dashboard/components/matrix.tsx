/** A small table of numbers whose cells are the darker the larger they are: confusion, disagreement. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { csv } from '../text/csv.js';
import { download } from '../text/download.js';
import { Menu } from './menu.js';
import { useMoreAside } from './more-aside.js';

export interface MatrixProps {
  /** For people who do not see it. */
  readonly caption: string;
  /** What rows and columns are, e.g. `true class`. */
  readonly rowsAre: string;
  readonly columnsAre: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly values: readonly (readonly number[])[];
  readonly show: (value: number) => string;
  /** The value that is darkest. */
  readonly most: number;
}

/** At the darkest, text still stands out by more than 4.5 : 1. */
const DARKEST_PERCENT = 38;

export function Matrix({ caption, rowsAre, columnsAre, rows, columns, values, show, most }: MatrixProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  useMoreAside(frame);
  return (
    <div class="matrix-frame" ref={frame} tabIndex={0} role="region" aria-label={caption}>
      <table class="matrix">
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            <td class="corner small">
              {rowsAre} ↓ {columnsAre} →
            </td>
            {columns.map((name, index) => (
              <th key={index} scope="col" dir="auto" title={name.slice(0, 1_000)}>
                <span>{name.slice(0, 200)}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((name, row) => (
            <tr key={row}>
              <th scope="row" dir="auto" title={name.slice(0, 1_000)}>
                <span>{name.slice(0, 200)}</span>
              </th>
              {columns.map((_, column) => {
                const value = values[row]?.[column] ?? 0;
                const share = most > 0 ? Math.min(1, value / most) : 0;
                return (
                  <td key={column} style={{ background: `color-mix(in srgb, var(--accent) ${Math.round(share * DARKEST_PERCENT)}%, transparent)` }}>
                    {show(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** For the head of the panel that the matrix is in. `file`: without an ending. */
export function MatrixExport({ rows, columns, values, file }: Pick<MatrixProps, 'rows' | 'columns' | 'values'> & { readonly file: string }): JSX.Element {
  return (
    <Menu label="Export">
      <button type="button" onClick={() => download(`${file}.csv`, csv(['', ...columns], rows.map((name, row) => [name, ...(values[row] ?? [])])), 'text/csv')}>
        CSV
      </button>
      <button type="button" onClick={() => download(`${file}.json`, JSON.stringify({ rows, columns, values }, null, 1), 'application/json')}>
        JSON
      </button>
    </Menu>
  );
}
