/** What each slot of each worker did for the sweep, and when. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Answers, SweepView } from '../../api/types.js';
import { Figure, fitted } from '../../components/figure.js';
import { Empty, Shown } from '../../components/panel.js';
import { steps } from '../../components/ticks.js';
import { useResource } from '../../state/resource.js';
import { clock, count, duration, whole } from '../../text/format.js';

type View = Answers['GET /sweeps/:sweep/timeline'];
type Attempt = View['attempts'][number];

const NAME_PX = 130;
const LANE_PX = 20;
const BOTTOM_PX = 40;
/** More are drawn in their order, and the rest is said. */
const MOST_LANES = 64;
const NARROWEST_MARK_PX = 90;

export function Timeline({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const { resource, reload } = useResource(`timeline ${sweep.id}`, (signal) => ask('GET /sweeps/:sweep/timeline', { at: { sweep: sweep.id }, query: { limit: 2_000 }, signal }), { live: sweep.id });
  return (
    <Shown what="the timeline" of={resource} retry={reload}>
      {(view) => (view.attempts.length === 0 ? <Empty>No worker has begun anything of it yet.</Empty> : <Lanes sweep={sweep} view={view} />)}
    </Shown>
  );
}

function laneOf({ worker, workerName, lane }: Attempt): string {
  return `${workerName ?? worker} ${lane + 1}`;
}

function Lanes({ sweep, view: { attempts, of } }: { readonly sweep: SweepView; readonly view: View }): JSX.Element {
  const now = Date.now();
  const spans = attempts.map((attempt) => ({ attempt, from: Date.parse(attempt.begin), to: attempt.end === null ? now : Date.parse(attempt.end) }));
  const [first, last] = spans.reduce<readonly [number, number]>(([from, to], span) => [Math.min(from, span.from), Math.max(to, span.to)], [Infinity, -Infinity]);
  const names = [...new Set(attempts.map(laneOf))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const lanes = names.slice(0, MOST_LANES);
  const height = lanes.length * LANE_PX + BOTTOM_PX;
  const x = (at: number, width: number): number => NAME_PX + ((at - first) / Math.max(1, last - first)) * (width - NAME_PX - 10);
  const words = ({ attempt, from, to }: (typeof spans)[number]): string => `${laneOf(attempt)}: ${attempt.kind === 'train' ? `epochs ${attempt.from} to ${attempt.to - 1}` : `evaluation of epoch ${attempt.from}`}, ${clock(new Date(from))}, ${duration(to - from)}, ${attempt.outcome ?? 'in progress'}`;
  return (
    <Figure
      title="Timeline of slots"
      summary={`${count(attempts.length, 'attempt')}${attempts.length < of ? `, the latest of ${whole(of)}` : ''} on ${count(names.length, 'slot')}${names.length > lanes.length ? `, of which ${lanes.length} are drawn` : ''}, over ${duration(last - first)}. Orange failed or was given back.`}
      height={height}
      narrowest={420}
      file={`${sweep.name}-timeline`}
      table={() => ({ header: ['slot', 'kind', 'from', 'to', 'begin', 'end', 'outcome'], rows: attempts.map((attempt) => [laneOf(attempt), attempt.kind, attempt.from, attempt.to, attempt.begin, attempt.end, attempt.outcome]) })}
      describe={(atX, atY, width) => {
        const lane = lanes[Math.floor(atY / LANE_PX)];
        const found = spans.find((span) => laneOf(span.attempt) === lane && x(span.from, width) - 2 <= atX && atX <= x(span.to, width) + 2);
        return found === undefined ? null : words(found);
      }}
      draw={(width, colours) => (
        <>
          {lanes.map((name, lane) => (
            <g key={name}>
              <text x={NAME_PX - 8} y={lane * LANE_PX + 14} text-anchor="end" fill={colours.text} font-size="11">
                {fitted(name, NAME_PX - 8)}
              </text>
              <line x1={NAME_PX} x2={width - 10} y1={(lane + 1) * LANE_PX} y2={(lane + 1) * LANE_PX} stroke={colours.grid} />
            </g>
          ))}
          {steps(0, (last - first) / 1_000, { parts: Math.max(2, Math.floor((width - NAME_PX) / NARROWEST_MARK_PX)) }).map((second) => (
            <g key={second}>
              <line x1={x(first + second * 1_000, width)} x2={x(first + second * 1_000, width)} y1={0} y2={height - BOTTOM_PX} stroke={colours.grid} />
              <text x={x(first + second * 1_000, width)} y={height - BOTTOM_PX + 16} text-anchor="middle" fill={colours.text} font-size="11">
                {duration(second * 1_000)}
              </text>
            </g>
          ))}
          <text x={NAME_PX + (width - NAME_PX) / 2} y={height - 6} text-anchor="middle" fill={colours.muted}>
            Time since {clock(new Date(first))}
          </text>
          {spans.map((span) => {
            const lane = lanes.indexOf(laneOf(span.attempt));
            if (lane < 0) return null;
            const { kind, outcome, attempt } = span.attempt;
            const colour = outcome !== null && outcome !== 'done' ? colours.series[1] : kind === 'evaluate' ? colours.series[2] : colours.series[0];
            return <rect key={attempt} x={x(span.from, width)} y={lane * LANE_PX + 3} width={Math.max(1, x(span.to, width) - x(span.from, width) - 0.5)} height={LANE_PX - 6} fill={colour} fill-opacity={outcome === null ? 0.55 : 1} />;
          })}
        </>
      )}
    />
  );
}
