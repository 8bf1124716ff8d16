/** A chart with its legend, what is under the pointer in words, and exports. Drawn once it comes into sight, or the page rests. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { onceNear } from '../state/in-sight.js';
import { theme } from '../state/theme.js';
import { perform } from '../state/trouble.js';
import { metric } from '../text/format.js';
import { csv, type Cell } from '../text/csv.js';
import { download } from '../text/download.js';
import { dashesOf, MOST_IN_LEGEND, type ChartSpec } from './chart-spec.js';
import { seriesColour, token } from './colours.js';
import { Menu } from './menu.js';
import { pngOf } from './picture.js';
import type { plot, Plot, Zoom } from './plot.js';

export interface ChartProps {
  readonly spec: ChartSpec;
  /** What the chart comes to, for people who do not see it and beside it for all. */
  readonly summary: string;
  /** What lies at an index of `xs`, in words; the values of the series where it is absent. */
  readonly describe?: (index: number, series: number | null) => string;
  /** Name of exported files, without an ending. */
  readonly file: string;
}

/** Once it is there. */
let draws: typeof plot | null = null;

export function Chart(props: ChartProps): JSX.Element {
  const { spec, summary, file } = props;
  const hovered = useSignal<{ readonly index: number | null; readonly series: number | null }>({ index: null, series: null });
  const { index, series } = hovered.value;
  return (
    <figure class="chart" aria-label={`${spec.title}. ${summary}`}>
      <div class="chart-head">
        <figcaption>{index === null ? summary : (props.describe ?? ((at: number) => valuesAt(spec, at)))(index, series)}</figcaption>
        <ExportMenu spec={spec} file={file} />
      </div>
      <Drawing {...props} onHover={(at, nearest) => (hovered.value = { index: at, series: nearest })} />
      <ul class="legend">
        {spec.series.slice(0, MOST_IN_LEGEND).map(({ label, colour }) => (
          <li key={label} title={label}>
            <span class={dashesOf({ colour }).length === 0 ? 'swatch' : 'swatch dashed'} style={{ color: `var(--series-${((colour - 1) % 8) + 1})` }} />
            {label.length > 60 ? `${label.slice(0, 59)}…` : label}
          </li>
        ))}
        {spec.series.length > MOST_IN_LEGEND && <li class="muted">and {spec.series.length - MOST_IN_LEGEND} more</li>}
      </ul>
    </figure>
  );
}

function valuesAt({ x, xs, series }: ChartSpec, index: number): string {
  const at = xs[index];
  const where = at === undefined ? '' : x.time === true ? new Date(at * 1_000).toLocaleString() : String(at);
  return [`${x.label}: ${where}`, ...series.map(({ label, values }) => `${label}: ${metric(values[index])}`)].join(', ');
}

function Drawing({ spec, onHover }: ChartProps & { readonly onHover: (index: number | null, series: number | null) => void }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const drawn = useRef<Plot | null>(null);
  const latest = useRef(spec);
  latest.current = spec;
  const wasDrawn = useRef(false);
  const failed = useSignal(false);
  /** What was zoomed into on an axis like this, when the chart was last drawn anew. */
  const left = useRef<{ readonly axis: string; readonly zoom: Zoom | null }>({ axis: '', zoom: null });
  const axis = JSON.stringify(spec.x);
  // What cannot be changed in a chart that stands: a new one is drawn.
  const shown = theme.value;
  const shape = useMemo(() => JSON.stringify([spec.x, spec.y, spec.series.map(({ label, colour, kind }) => [label, colour, kind]), shown]), [spec, shown]);
  // At once: browsers take what is printed right after they have told so, before effects that come after a frame.
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    let isGone = false;
    const draw = async (): Promise<void> => {
      try {
        // An import takes a turn even of what is loaded.
        draws ??= (await import('./plot.js')).plot;
        if (isGone) return;
        wasDrawn.current = true;
        drawn.current = draws(current, latest.current, left.current.axis === axis ? left.current.zoom : null, { onHover });
      } catch {
        failed.value = true;
      }
    };
    let giveUp = (): void => undefined;
    // Drawn anew at once, as in the colours of paper.
    if (wasDrawn.current) void draw();
    else giveUp = onceNear(current, '200px', draw);
    const size = new ResizeObserver(() => drawn.current?.resize(Math.max(200, current.clientWidth)));
    size.observe(current);
    return () => {
      isGone = true;
      giveUp();
      size.disconnect();
      if (drawn.current !== null) left.current = { axis, zoom: drawn.current.zoom() };
      drawn.current?.destroy();
      drawn.current = null;
      // In the next chart another series may stand at its place.
      onHover(null, null);
    };
  }, [shape]);
  useEffect(() => drawn.current?.update(spec), [spec]);
  if (failed.value) return <div class="notice failed" role="alert">The part of the page that draws charts could not be loaded; load the page again.</div>;
  return <div class="chart-body" ref={element} aria-hidden="true" />;
}

function ExportMenu({ spec, file }: { readonly spec: ChartSpec; readonly file: string }): JSX.Element {
  return (
    <Menu label="Export">
      <button type="button" onClick={() => perform('The export', async () => download(`${file}.svg`, await svgOf(spec), 'image/svg+xml'))}>
        SVG
      </button>
      <button type="button" onClick={() => perform('The export', async () => download(`${file}.png`, await pngOf(await svgOf(spec)), 'image/png'))}>
        PNG
      </button>
      <button type="button" onClick={() => download(`${file}.csv`, tableOf(spec), 'text/csv')}>
        CSV
      </button>
      <button type="button" onClick={() => download(`${file}.json`, JSON.stringify({ title: spec.title, x: { ...spec.x, values: spec.xs }, y: spec.y, series: spec.series }), 'application/json')}>
        JSON
      </button>
    </Menu>
  );
}

async function svgOf(spec: ChartSpec): Promise<string> {
  const { chartSvg } = await import('./chart-svg.js');
  return chartSvg(spec, { background: token('--surface'), text: token('--text'), grid: token('--grid'), series: seriesColour });
}

function tableOf({ x, xs, series }: ChartSpec): string {
  const rows = xs.map((at, index): Cell[] => [x.time === true ? new Date(at * 1_000).toISOString() : at, ...series.map(({ values }) => values[index] ?? null)]);
  return csv([x.label, ...series.map(({ label }) => label)], rows);
}
