/**
 * Tables of any length. Only the rows in sight (and a few around them) are in the document, so 100,000
 * trials cost as much as 30; rows that are not there yet are asked for as they come into sight. Sorting and
 * the choice of columns stand in the URL.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { place, setQuery } from '../state/location.js';
import { perform } from '../state/trouble.js';
import { whole } from '../text/format.js';
import { csv, type Cell } from '../text/csv.js';
import { download } from '../text/download.js';
import { Menu } from './menu.js';
import { useMoreAside } from './more-aside.js';

export interface Column<Row> {
  /** In URLs and exports. */
  readonly name: string;
  readonly label: string;
  readonly numeric?: boolean;
  readonly value: (row: Row) => Cell;
  /** In the place of the value. */
  readonly show?: (row: Row) => ComponentChildren;
  /** What comes first when one sorts by it; absent where one cannot. */
  readonly sort?: 'asc' | 'desc';
  /** It has the room that others leave, and gives way, to a point, before the table is moved sideways. */
  readonly yields?: boolean;
  /** Not shown until it is chosen. */
  readonly optional?: boolean;
}

export interface Rows<Row> {
  readonly total: number;
  /** Undefined while it is not there yet. */
  readonly at: (index: number) => Row | undefined;
  /** Told which rows are in sight, from the first to before the last. */
  readonly need?: (from: number, to: number) => void;
  /** For exports. */
  readonly all: () => Promise<readonly Row[]>;
}

export interface DataTableProps<Row> {
  /** For people who do not see it. */
  readonly caption: string;
  /** Before `sort` and `columns` in the URL, where a page has several tables. */
  readonly prefix?: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: Rows<Row>;
  readonly keyOf: (row: Row) => string;
  /** `name:asc` or `name:desc`, where the URL says nothing. */
  readonly sortedBy?: string;
  readonly chosen?: (row: Row) => boolean;
  /** Name of exported files, without an ending. */
  readonly file: string;
}

/** As --row of tokens.css. */
const ROW_PX = 34;
const AROUND = 10;

export interface Sorting {
  readonly name: string;
  readonly order: 'asc' | 'desc';
}

export function sortingOf(written: string | null | undefined): Sorting | null {
  const [, name, order] = /^(.*):(asc|desc)$/s.exec(written ?? '') ?? [];
  return name === undefined || order === undefined ? null : { name, order: order as 'asc' | 'desc' };
}

/** Rows that are all there, sorted as the URL says. Rows without a value come last; ties stay as they were. */
export function localRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sorting: Sorting | null): Rows<Row> {
  const column = columns.find(({ name }) => name === sorting?.name);
  const sign = sorting?.order === 'desc' ? -1 : 1;
  const sorted = column === undefined ? rows : rows.toSorted((a, b) => compared(column.value(a), column.value(b), sign));
  return { total: sorted.length, at: (index) => sorted[index], all: async () => sorted };
}

function compared(a: Cell, b: Cell, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * String(a).localeCompare(String(b), 'en', { numeric: true });
}

export function DataTable<Row>(props: DataTableProps<Row>): JSX.Element {
  const { caption, prefix = '', columns, rows, keyOf, sortedBy } = props;
  const frame = useRef<HTMLDivElement>(null);
  useMoreAside(frame);
  const sight = useSignal({ from: 0, to: 40 });
  const sorting = sortingOf(place.value.query.get(`${prefix}sort`) ?? sortedBy);
  const written = place.value.query.get(`${prefix}columns`);
  const shown = useMemo(() => shownColumns(columns, written), [columns, written]);
  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const look = (): void => {
      const from = Math.max(0, Math.floor(current.scrollTop / ROW_PX) - AROUND);
      const to = Math.ceil((current.scrollTop + current.clientHeight) / ROW_PX) + AROUND;
      if (from !== sight.peek().from || to !== sight.peek().to) sight.value = { from, to };
    };
    const observer = new ResizeObserver(look);
    observer.observe(current);
    current.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      current.removeEventListener('scroll', look);
    };
  }, []);
  const from = Math.min(sight.value.from, Math.max(0, rows.total - 1));
  const to = Math.min(sight.value.to, rows.total);
  useEffect(() => rows.need?.(from, to), [rows, from, to]);
  // A row that stays in sight is the same element: what is drawn while one scrolls is what comes into sight alone, also where an answer comes meanwhile.
  const drawn = useRef<Drawn<Row>>({ columns: shown, chosen: props.chosen, lines: new Map() });
  const before = drawn.current.columns === shown && drawn.current.chosen === props.chosen ? drawn.current.lines : null;
  const lines = Array.from({ length: Math.max(0, to - from) }, (_, index): readonly [number, DrawnLine<Row>] => {
    const at = from + index;
    const row = rows.at(at);
    const kept = before?.get(at);
    return [at, kept !== undefined && kept.row === row ? kept : { row, line: <Line key={row === undefined ? `#${at}` : keyOf(row)} row={row} index={at} columns={shown} chosen={props.chosen} /> }];
  });
  drawn.current = { columns: shown, chosen: props.chosen, lines: new Map(lines) };
  return (
    <div class="table-frame" ref={frame} tabIndex={0} role="region" aria-label={caption}>
      <table class="table" aria-rowcount={rows.total + 1}>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {shown.map((column) => (
              <Heading key={column.name} column={column} sorting={sorting} prefix={prefix} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Space rows={from} columns={shown.length} />
          {lines.map(([, { line }]) => line)}
          <Space rows={rows.total - to} columns={shown.length} />
        </tbody>
      </table>
      {to - from < rows.total && (
        <p class="table-foot paper-only">
          Rows {whole(from + 1)} to {whole(to)} of {whole(rows.total)}
        </p>
      )}
    </div>
  );
}

interface DrawnLine<Row> {
  readonly row: Row | undefined;
  readonly line: JSX.Element;
}

/** The lines of the table by their place, and what they were made of beside their rows. */
interface Drawn<Row> {
  readonly columns: readonly Column<Row>[];
  readonly chosen: ((row: Row) => boolean) | undefined;
  readonly lines: ReadonlyMap<number, DrawnLine<Row>>;
}

/** In the place of rows that are not in the document. */
function Space({ rows, columns }: { readonly rows: number; readonly columns: number }): JSX.Element | null {
  if (rows <= 0) return null;
  return (
    <tr class="space" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${rows * ROW_PX}px` }} />
    </tr>
  );
}

interface HeadingProps<Row> {
  readonly column: Column<Row>;
  readonly sorting: Sorting | null;
  readonly prefix: string;
}

function Heading<Row>({ column, sorting, prefix }: HeadingProps<Row>): JSX.Element {
  const { name, label, numeric = false, sort } = column;
  const align = numeric ? 'right' : '';
  if (sort === undefined) {
    return (
      <th scope="col" class={align}>
        <span>{label}</span>
      </th>
    );
  }
  const order = sorting?.name === name ? sorting.order : null;
  const next = order === null ? sort : order === 'asc' ? 'desc' : 'asc';
  return (
    <th scope="col" class={align} {...(order === null ? {} : { 'aria-sort': order === 'asc' ? 'ascending' : 'descending' } as const)}>
      <button type="button" title={`Sort by ${label}`} onClick={() => setQuery({ [`${prefix}sort`]: `${name}:${next}` })}>
        {label}
        {order !== null && <span aria-hidden="true">{order === 'asc' ? '▲' : '▼'}</span>}
      </button>
    </th>
  );
}

interface LineProps<Row> {
  readonly row: Row | undefined;
  readonly index: number;
  readonly columns: readonly Column<Row>[];
  readonly chosen: ((row: Row) => boolean) | undefined;
}

function Line<Row>({ row, index, columns, chosen }: LineProps<Row>): JSX.Element {
  return (
    <tr aria-rowindex={index + 2} class={row !== undefined && chosen?.(row) === true ? 'chosen' : ''}>
      {columns.map((column) => cellOf(column, row))}
    </tr>
  );
}

/** Ten rows come into sight with a frame of fast scrolling: a number, as most cells hold, has no more attributes than it needs. */
function cellOf<Row>(column: Column<Row>, row: Row | undefined): JSX.Element {
  const { name, numeric = false, yields = false } = column;
  const align = yields ? 'yields' : numeric ? 'right' : undefined;
  if (row === undefined) return <td key={name} class={align}>…</td>;
  const value = column.value(row);
  const content = (column.show ?? shownValue(column))(row);
  if (typeof value === 'number') return <td key={name} class={align}>{content}</td>;
  return (
    <td key={name} class={align} dir="auto" title={titleOf(value)}>
      {content}
    </td>
  );
}

/** Of a cell that may be cut off; long names are read there. */
function titleOf(value: Cell): string | undefined {
  return typeof value === 'string' && value.length > 24 ? value.slice(0, 1_000) : undefined;
}

function shownValue<Row>(column: Column<Row>): (row: Row) => ComponentChildren {
  return (row) => {
    const value = column.value(row);
    return value === null ? '–' : typeof value === 'string' && value.length > 400 ? `${value.slice(0, 400)}…` : String(value);
  };
}

/** As the URL names them, else those that are not optional. */
function shownColumns<Row>(columns: readonly Column<Row>[], written: string | null): readonly Column<Row>[] {
  if (written === null) return columns.filter(({ optional }) => optional !== true);
  const names = new Set(written.split('~'));
  const shown = columns.filter(({ name }) => names.has(name));
  return shown.length === 0 ? columns : shown;
}

/** Choice of columns, and exports: for the head of the panel that the table is in. */
export function TableTools<Row>({ prefix = '', columns, rows, file }: Pick<DataTableProps<Row>, 'prefix' | 'columns' | 'rows' | 'file'>): JSX.Element {
  const shown = shownColumns(columns, place.value.query.get(`${prefix}columns`));
  const choose = (name: string, isShown: boolean): void => {
    const names = columns.filter((column) => (column.name === name ? isShown : shown.includes(column))).map((column) => column.name);
    if (names.length > 0) setQuery({ [`${prefix}columns`]: names.join('~') }, { replace: true });
  };
  const cells = async (): Promise<Cell[][]> => (await rows.all()).map((row) => columns.map(({ value }) => value(row)));
  const names = columns.map(({ name }) => name);
  const objects = async (): Promise<object[]> => (await cells()).map((row) => Object.fromEntries(row.map((cell, index) => [names[index] ?? '', cell])));
  return (
    <>
      <Menu label="Columns" stays>
        {columns.map((column) => (
          <label key={column.name}>
            <input type="checkbox" checked={shown.includes(column)} onChange={(event) => choose(column.name, event.currentTarget.checked)} />
            {column.label}
          </label>
        ))}
      </Menu>
      <Menu label="Export">
        <button type="button" onClick={() => perform('The export', async () => download(`${file}.csv`, csv(names, await cells()), 'text/csv'))}>
          CSV
        </button>
        <button type="button" onClick={() => perform('The export', async () => download(`${file}.json`, JSON.stringify(await objects(), null, 1), 'application/json'))}>
          JSON
        </button>
      </Menu>
    </>
  );
}
