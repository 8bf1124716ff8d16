/** What the slots of all workers were at: a lane for each, over a window that ends now. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ask } from '../../api/client.js';
import type { AttemptSpan, FleetTimeline } from '../../api/types.js';
import { token } from '../../components/colours.js';
import { Choice } from '../../components/choice.js';
import { Figure, fitted } from '../../components/figure.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { clock, count, duration, isolated, shortened } from '../../text/format.js';
import { lanesOf, type Lane } from './lanes.js';

const WINDOWS = [15, 60, 360, 1_440] as const;
const DEFAULT_MINUTES = 15;
const WINDOW_TEXT: { readonly [minutes: number]: string } = { 15: '15 minutes', 60: 'an hour', 360: '6 hours', 1_440: 'a day' };
const LANE_PX = 18;
const TOP_PX = 6;
const BOTTOM_PX = 44;
const MOST_LANES = 120;
const EVERY_MS = 10_000;

const OUTCOMES = [
  { name: 'running', label: 'Running', colour: '--series-1' },
  { name: 'done', label: 'Done', colour: '--series-3' },
  { name: 'released', label: 'Given back', colour: '--series-7' },
  { name: 'failed', label: 'Failed', colour: '--bad' },
] as const;

type Outcome = (typeof OUTCOMES)[number]['name'];

function outcomeOf({ outcome }: AttemptSpan): Outcome {
  if (outcome === null) return 'running';
  if (outcome === 'done') return 'done';
  return outcome === 'released' || outcome === 'Preempted' ? 'released' : 'failed';
}

export function SlotsOverTime(): JSX.Element {
  const asked = Number(place.value.query.get('minutes') ?? DEFAULT_MINUTES);
  const minutes = WINDOWS.find((each) => each === asked) ?? DEFAULT_MINUTES;
  const { resource, reload } = useResource(`timeline ${minutes}`, (signal) => ask('GET /timeline', { query: { minutes }, signal }));
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const tools = <Choice label="Window" value={WINDOW_TEXT[minutes] ?? ''} options={WINDOWS.map((each) => WINDOW_TEXT[each] ?? '')} onChange={(text) => setQuery({ minutes: String(WINDOWS.find((each) => WINDOW_TEXT[each] === text) ?? DEFAULT_MINUTES) })} />;
  return (
    <Panel title="Slots over time" tools={tools}>
      <Shown what="the timeline" of={resource} retry={reload}>
        {(timeline) => (timeline.attempts.length === 0 ? <Empty>No slot was at work within {WINDOW_TEXT[minutes]}.</Empty> : <Timeline timeline={timeline} />)}
      </Shown>
    </Panel>
  );
}

function Timeline({ timeline: { from, to, attempts, more } }: { readonly timeline: FleetTimeline }): JSX.Element {
  const all = lanesOf(attempts);
  const lanes = all.slice(0, MOST_LANES);
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const left = (width: number): number => Math.min(140, Math.max(72, width * 0.16));
  const at = (width: number, ms: number): number => left(width) + ((Math.min(toMs, Math.max(fromMs, ms)) - fromMs) / (toMs - fromMs)) * (width - left(width) - 12);
  const failed = attempts.filter((span) => outcomeOf(span) === 'failed').length;
  const summary = `${count(attempts.length, 'attempt')}${more ? ', the latest of more' : ''}, ${failed} failed${all.length > lanes.length ? `; the first ${MOST_LANES} of ${all.length} lanes` : ''}`;
  const height = TOP_PX + lanes.length * LANE_PX + BOTTOM_PX;
  return (
    <>
      <Figure
        title="Slots over time"
        summary={summary}
        height={height}
        narrowest={340}
        file="slots-over-time"
        table={() => ({ header: ['worker', 'attempt', 'kind', 'sweeps', 'from', 'to', 'outcome', 'startedAt', 'endedAt'], rows: attempts.map((span) => [span.name, span.attempt, span.kind, span.sweeps.join(', '), span.from, span.to, span.outcome, span.startedAt, span.endedAt]) })}
        describe={(x, y, width) => describe(lanes[Math.floor((y - TOP_PX) / LANE_PX)], (ms) => at(width, ms), x, toMs)}
        draw={(width, colours) => {
          const bottom = TOP_PX + lanes.length * LANE_PX;
          const markCount = width < 600 ? 3 : 6;
          const marks = Array.from({ length: markCount }, (_, index) => fromMs + ((toMs - fromMs) * index) / (markCount - 1));
          return (
            <>
              {marks.map((mark, index) => (
                <g key={mark}>
                  <line x1={at(width, mark)} y1={TOP_PX} x2={at(width, mark)} y2={bottom} stroke={colours.grid} />
                  <text x={at(width, mark)} y={bottom + 16} fill={colours.muted} text-anchor={index === marks.length - 1 ? 'end' : 'middle'}>
                    {hourAndMinute(mark)}
                  </text>
                </g>
              ))}
              <text x={(left(width) + width) / 2} y={bottom + 36} fill={colours.muted} text-anchor="middle">
                Time
              </text>
              {lanes.map((lane, row) => (
                <g key={row}>
                  {lane.isFirst && row > 0 && <line x1={0} y1={TOP_PX + row * LANE_PX} x2={width} y2={TOP_PX + row * LANE_PX} stroke={colours.grid} />}
                  {lane.isFirst && (
                    <text x={2} y={TOP_PX + row * LANE_PX + 13} fill={colours.text} direction="ltr" unicode-bidi="isolate">
                      {fitted(lane.worker, left(width) - 8)}
                    </text>
                  )}
                  {lane.spans.map((span) => {
                    const x = at(width, Date.parse(span.startedAt));
                    return <rect key={span.attempt} x={x} y={TOP_PX + row * LANE_PX + 3} width={Math.max(1, at(width, span.endedAt === null ? toMs : Date.parse(span.endedAt)) - x)} height={LANE_PX - 6} fill={colourOf(outcomeOf(span))} />;
                  })}
                </g>
              ))}
            </>
          );
        }}
      />
      <ul class="legend">
        {OUTCOMES.map(({ name, label, colour }) => (
          <li key={name}>
            <span class="swatch" style={{ background: `var(${colour})` }} />
            {label}
          </li>
        ))}
      </ul>
    </>
  );
}

function colourOf(outcome: Outcome): string {
  return token(OUTCOMES.find(({ name }) => name === outcome)?.colour ?? '--series-7');
}

/** Narrow spans are found a few px beside them. */
const NEAR_PX = 3;

function describe(lane: Lane | undefined, at: (ms: number) => number, x: number, nowMs: number): string | null {
  const found = lane?.spans.findLast((span) => at(Date.parse(span.startedAt)) - NEAR_PX <= x && x <= at(span.endedAt === null ? nowMs : Date.parse(span.endedAt)) + NEAR_PX);
  if (found === undefined) return null;
  const { name, kind, sweeps, from, to, startedAt, endedAt, outcome } = found;
  const span = kind === 'train' ? `trained epochs ${from} to ${to - 1}` : `evaluated epoch ${from}`;
  const took = duration((endedAt === null ? nowMs : Date.parse(endedAt)) - Date.parse(startedAt));
  return `${isolated(shortened(name, 40))}: ${span}${sweeps.length === 0 ? '' : ` of ${sweeps.slice(0, 3).map((sweep) => isolated(shortened(sweep, 60))).join(', ')}`} from ${clock(new Date(startedAt))}, ${outcome === null ? `for ${took} so far` : `${outcome} after ${took}`}`;
}

const hourFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function hourAndMinute(ms: number): string {
  return hourFormat.format(new Date(ms));
}
