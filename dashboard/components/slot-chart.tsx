/** What slots were at: a lane for each slot of each worker, from one time to another. */
import type { JSX } from 'preact';
import type { SlotSpan, SlotTimeline } from '../api/types.js';
import { clock, count, duration, epochsText, isolated, shortened } from '../text/format.js';
import { token } from './colours.js';
import { Figure, fitted } from './figure.js';
import { steps } from './ticks.js';

const LANE_PX = 18;
const TOP_PX = 6;
const BOTTOM_PX = 44;
const RIGHT_PX = 16;
/** More are drawn in their order, and the rest is said. */
const MOST_LANES = 120;
const NARROWEST_MARK_PX = 90;
/** Narrow spans are found a few px beside them. */
const NEAR_PX = 3;

const KINDS = [
  { name: 'trained', label: 'Training', colour: '--series-1' },
  { name: 'evaluated', label: 'Evaluation', colour: '--series-3' },
  { name: 'returned', label: 'Given back', colour: '--series-7' },
  { name: 'failed', label: 'Failed', colour: '--bad' },
] as const;
/** Of what runs still. */
const OPACITY = 0.55;

function kindOf({ kind, outcome }: SlotSpan): (typeof KINDS)[number] {
  if (outcome === 'released' || outcome === 'Preempted') return KINDS[2];
  if (outcome !== null && outcome !== 'done') return KINDS[3];
  return kind === 'train' ? KINDS[0] : KINDS[1];
}

interface Lane {
  readonly worker: string;
  /** It bears the worker's name. */
  readonly isFirst: boolean;
  readonly spans: readonly SlotSpan[];
}

/** Workers by name, each with its lanes in order. */
function lanesOf(attempts: readonly SlotSpan[]): Lane[] {
  const lanes = new Map<string, SlotSpan[]>();
  for (const span of attempts) {
    const key = `${span.worker} ${span.lane}`;
    const known = lanes.get(key);
    if (known === undefined) lanes.set(key, [span]);
    else known.push(span);
  }
  const inOrder = [...lanes.values()].map((spans) => ({ spans, name: spans[0]?.name ?? '', worker: spans[0]?.worker ?? '', lane: spans[0]?.lane ?? 0 })).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }) || a.worker.localeCompare(b.worker) || a.lane - b.lane);
  return inOrder.map(({ name, worker, spans }, index): Lane => ({ worker: name, isFirst: inOrder[index - 1]?.worker !== worker, spans }));
}

export interface SlotChartProps {
  readonly title: string;
  readonly timeline: SlotTimeline;
  /** What the horizontal axis tells: the time of day, or what has passed since the first attempt. */
  readonly axis: 'clock' | 'passed';
  readonly file: string;
}

export function SlotChart({ title, timeline: { from, to, attempts, more }, axis, file }: SlotChartProps): JSX.Element {
  const all = lanesOf(attempts);
  const lanes = all.slice(0, MOST_LANES);
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const left = (width: number): number => Math.min(140, Math.max(72, width * 0.16));
  const at = (width: number, ms: number): number => left(width) + ((Math.min(toMs, Math.max(fromMs, ms)) - fromMs) / Math.max(1, toMs - fromMs)) * (width - left(width) - RIGHT_PX);
  const endOf = ({ endedAt }: SlotSpan): number => (endedAt === null ? toMs : Date.parse(endedAt));
  const failed = attempts.filter((span) => kindOf(span).name === 'failed').length;
  const summary = `${count(attempts.length, 'attempt')}${more ? ', the latest of more,' : ''} on ${count(all.length, 'slot')}${all.length > lanes.length ? ` (the first ${MOST_LANES} are drawn)` : ''}, ${failed} failed`;
  const height = TOP_PX + lanes.length * LANE_PX + BOTTOM_PX;
  return (
    <>
      <Figure
        title={title}
        summary={summary}
        height={height}
        narrowest={340}
        file={file}
        table={() => ({ header: ['worker', 'slot', 'attempt', 'kind', 'sweeps', 'from', 'to', 'outcome', 'startedAt', 'endedAt'], rows: attempts.map((span) => [span.name, span.lane + 1, span.attempt, span.kind, span.sweeps.join(', '), span.from, span.to, span.outcome, span.startedAt, span.endedAt]) })}
        describe={(x, y, width) => {
          const found = lanes[Math.floor((y - TOP_PX) / LANE_PX)]?.spans.findLast((span) => at(width, Date.parse(span.startedAt)) - NEAR_PX <= x && x <= at(width, endOf(span)) + NEAR_PX);
          return found === undefined ? null : wordsOf(found, endOf(found) - Date.parse(found.startedAt));
        }}
        draw={(width, colours) => {
          const bottom = TOP_PX + lanes.length * LANE_PX;
          return (
            <>
              {marksOf(axis, fromMs, toMs, width - left(width)).map(({ ms, text }, index, { length }) => (
                <g key={ms}>
                  <line x1={at(width, ms)} y1={TOP_PX} x2={at(width, ms)} y2={bottom} stroke={colours.grid} />
                  <text x={at(width, ms)} y={bottom + 16} fill={colours.muted} text-anchor={index > 0 && index === length - 1 ? 'end' : 'middle'}>
                    {text}
                  </text>
                </g>
              ))}
              <text x={(left(width) + width) / 2} y={bottom + 36} fill={colours.muted} text-anchor="middle">
                {axis === 'clock' ? 'Time' : `Time since ${clock(new Date(fromMs))}`}
              </text>
              {lanes.map(({ worker, isFirst, spans }, row) => (
                <g key={row}>
                  {isFirst && row > 0 && <line x1={0} y1={TOP_PX + row * LANE_PX} x2={width} y2={TOP_PX + row * LANE_PX} stroke={colours.grid} />}
                  {isFirst && (
                    <text x={2} y={TOP_PX + row * LANE_PX + 13} fill={colours.text} direction="ltr" unicode-bidi="isolate">
                      {fitted(worker, left(width) - 8)}
                    </text>
                  )}
                  {spans.map((span) => {
                    const x = at(width, Date.parse(span.startedAt));
                    return <rect key={span.attempt} x={x} y={TOP_PX + row * LANE_PX + 3} width={Math.max(1, at(width, endOf(span)) - x - 0.5)} height={LANE_PX - 6} fill={token(kindOf(span).colour)} fill-opacity={span.outcome === null ? OPACITY : 1} />;
                  })}
                </g>
              ))}
            </>
          );
        }}
      />
      <ul class="legend">
        {KINDS.map(({ name, label, colour }) => (
          <li key={name}>
            <span class="swatch" style={{ background: `var(${colour})` }} />
            {label}
          </li>
        ))}
        <li>
          <span class="swatch" style={{ background: 'var(--series-1)', opacity: OPACITY }} />
          Runs now
        </li>
      </ul>
    </>
  );
}

const hourFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** In px: `room`. */
function marksOf(axis: SlotChartProps['axis'], fromMs: number, toMs: number, room: number): { readonly ms: number; readonly text: string }[] {
  if (axis === 'passed') return steps(0, (toMs - fromMs) / 1_000, { parts: Math.max(2, Math.floor(room / NARROWEST_MARK_PX)) }).map((second) => ({ ms: fromMs + second * 1_000, text: second === 0 ? '0' : duration(second * 1_000) }));
  const marks = room < 500 ? 3 : 6;
  return Array.from({ length: marks }, (_, index) => fromMs + ((toMs - fromMs) * index) / (marks - 1)).map((ms) => ({ ms, text: hourFormat.format(new Date(ms)) }));
}

function wordsOf({ name, lane, kind, sweeps, from, to, startedAt, outcome }: SlotSpan, tookMs: number): string {
  const did = kind === 'evaluate' ? `evaluation of epoch ${from}` : epochsText(from, to).toLowerCase();
  const of = sweeps.length === 0 ? '' : ` of ${sweeps.slice(0, 3).map((sweep) => isolated(shortened(sweep, 60))).join(', ')}`;
  return `${isolated(shortened(name, 40))}, slot ${lane + 1}: ${did}${of} from ${clock(new Date(startedAt))}, ${outcome === null ? `for ${duration(tookMs)} so far` : `${outcome} after ${duration(tookMs)}`}`;
}
