/**
 * Charts that are drawn as SVG in the page: as wide as there is room, with what lies under the pointer in
 * words, and exports. Colours stand in attributes (useColours), so that the exported file needs no style sheet.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { perform } from '../state/trouble.js';
import { csv, type Cell } from '../text/csv.js';
import { download } from '../text/download.js';
import { useColours, type Colours } from './colours.js';
import { Menu } from './menu.js';
import { useMoreAside } from './more-aside.js';
import { pngOf } from './picture.js';

export interface FigureTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface FigureProps {
  readonly title: string;
  /** What the chart comes to. */
  readonly summary: string;
  /** In px; the width is what there is. */
  readonly height: number;
  /** Name of exported files, without an ending. */
  readonly file: string;
  /** What is drawn, for exports. */
  readonly table: () => FigureTable;
  /** What lies at a place of the drawing, in words; null where nothing does. */
  readonly describe?: (x: number, y: number, width: number) => string | null;
  readonly tools?: ComponentChildren;
  /** In px; where there is less room, the drawing is moved sideways. */
  readonly narrowest?: number;
  readonly draw: (width: number, colours: Colours) => ComponentChildren;
  /** Beside the pointer's words: what a drag over the drawing does. */
  readonly pointer?: {
    readonly onDown: (x: number, y: number, width: number) => void;
    readonly onMove: (x: number, y: number, width: number) => void;
    readonly onUp: () => void;
    /** The browser has taken the pointer, to scroll by it. */
    readonly onCancel: () => void;
  };
}

export function Figure({ title, summary, height, file, table, describe, tools, narrowest = 280, draw, pointer }: FigureProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  useMoreAside(frame);
  const drawing = useRef<SVGSVGElement>(null);
  /** Of the frame, in px; null before it is there. */
  const room = useSignal<number | null>(null);
  const width = room.value === null ? 0 : Math.max(narrowest, room.value);
  const words = useSignal<string | null>(null);
  const colours = useColours();
  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const measure = (): void => {
      room.value = Math.floor(current.clientWidth);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    measure();
    return () => observer.disconnect();
  }, []);
  const at = (event: PointerEvent): readonly [number, number] => {
    const box = drawing.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };
  return (
    <figure class="chart" aria-label={`${title}. ${summary}`}>
      <div class="chart-head">
        <figcaption>{words.value ?? summary}</figcaption>
        {tools}
        <Exports file={file} table={table} svg={() => (drawing.current === null ? '' : documentOf(drawing.current, colours.surface))} />
      </div>
      <div class="figure-frame" ref={frame} {...(width > narrowest ? {} : { tabIndex: 0, role: 'group', 'aria-label': title })}>
        {width > 0 && (
          <svg
            ref={drawing}
            aria-hidden="true"
            width={width}
            height={height}
            viewBox={`0 0 ${width} ${height}`}
            font-family="system-ui, sans-serif"
            font-size="12"
            class={pointer === undefined ? '' : 'brushable'}
            onPointerDown={(event) => {
              if (pointer === undefined) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              pointer.onDown(...at(event), width);
            }}
            onPointerMove={(event) => {
              words.value = describe?.(...at(event), width) ?? null;
              pointer?.onMove(...at(event), width);
            }}
            onPointerUp={() => pointer?.onUp()}
            onPointerCancel={() => pointer?.onCancel()}
            onPointerLeave={() => (words.value = null)}
          >
            {draw(width, colours)}
          </svg>
        )}
      </div>
    </figure>
  );
}

interface ExportsProps {
  readonly file: string;
  readonly table: () => FigureTable;
  readonly svg: () => string;
}

function Exports({ file, table, svg }: ExportsProps): JSX.Element {
  const asObjects = ({ header, rows }: FigureTable): object[] => rows.map((row) => Object.fromEntries(row.map((cell, index) => [header[index] ?? '', cell])));
  return (
    <Menu label="Export">
      <button type="button" onClick={() => download(`${file}.svg`, svg(), 'image/svg+xml')}>
        SVG
      </button>
      <button type="button" onClick={() => perform('The export', async () => download(`${file}.png`, await pngOf(svg()), 'image/png'))}>
        PNG
      </button>
      <button type="button" onClick={() => download(`${file}.csv`, csv(table().header, table().rows), 'text/csv')}>
        CSV
      </button>
      <button type="button" onClick={() => download(`${file}.json`, JSON.stringify(asObjects(table()), null, 1), 'application/json')}>
        JSON
      </button>
    </Menu>
  );
}

/** With a ground of its own: an SVG without one is black on black in many viewers. */
function documentOf(drawing: SVGSVGElement, ground: string): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.removeAttribute('class');
  copy.removeAttribute('aria-hidden');
  const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [name, value] of [['width', '100%'], ['height', '100%'], ['fill', ground]] as const) rect.setAttribute(name, value);
  copy.prepend(rect);
  return new XMLSerializer().serializeToString(copy);
}

/** About as wide as a sign of a drawing's text is. */
export const SIGN_PX = 6.6;

/** Text that is cut to about as many px as there are. */
export function fitted(text: string, px: number): string {
  const most = Math.max(3, Math.floor(px / SIGN_PX));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
