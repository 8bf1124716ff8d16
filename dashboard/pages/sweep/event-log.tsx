/** What happened to a sweep, and who did it, the newest first. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask, segment } from '../../api/client.js';
import { lastEvent } from '../../api/live.js';
import type { EventView, Json, SweepView } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Loading, Panel, Shown } from '../../components/panel.js';
import { place } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { count, moment, setting } from '../../text/format.js';

const PAGE = 1_000;
/** Positions of the log, of all sweeps together, that are looked through at a time. */
const SPAN = 5_000;

const COLUMNS: readonly Column<EventView>[] = [
  { name: 'at', label: 'When', sort: 'desc', value: ({ at }) => at, show: ({ at }) => moment(at) },
  { name: 'type', label: 'What', sort: 'asc', value: ({ type }) => type },
  { name: 'actor', label: 'Who', sort: 'asc', value: ({ actor }) => actor },
  { name: 'trial', label: 'Trial', value: ({ trial }) => trial, show: ({ trial, detail: { number } }) => (trial === null ? '–' : <a href={`/trials/${segment(trial)}`}>{typeof number === 'number' ? `#${number}` : trial}</a>) },
  { name: 'detail', label: 'Detail', value: ({ detail }) => detailText(detail) },
  { name: 'id', label: 'Position', numeric: true, sort: 'desc', optional: true, value: ({ id }) => id },
];

/** What is told in words of its own, or not at all: what is empty, and what another column says. */
function detailText({ failure, ...detail }: EventView['detail']): string {
  const told = !isFailure(failure) ? [] : [`${failure.class}: ${failure.message}`];
  const others = Object.entries(detail).filter(([name, value]) => name !== 'number' && value !== null && !(Array.isArray(value) && value.length === 0));
  return [...told, ...others.map(([name, value]) => `${name}: ${setting(value as Json)}`)].join(', ');
}

function isFailure(value: unknown): value is { readonly class: string; readonly message: string } {
  return value !== null && typeof value === 'object' && 'class' in value && 'message' in value;
}

/** The log is read from a position on, oldest first: the newest part of it needs the position where it ends. */
export function EventLog({ sweep }: { readonly sweep: SweepView }): JSX.Element {
  const last = lastEvent.value;
  return last === null ? <Loading what="the log" /> : <LogUntil sweep={sweep} last={last} />;
}

function LogUntil({ sweep, last }: { readonly sweep: SweepView; readonly last: number }): JSX.Element {
  const spans = useSignal(1);
  const from = Math.max(0, last - spans.value * SPAN);
  const { resource, reload } = useResource(`events ${sweep.id} ${spans.value}`, (signal) => eventsAfter(sweep.id, from, signal), { live: sweep.id });
  return (
    <Shown what="the log" of={resource} retry={reload}>
      {(events) => {
        const rows = localRows(events, COLUMNS, sortingOf(place.value.query.get('sort') ?? 'id:desc'));
        return (
          <Panel title={count(rows.total, 'event')} flush tools={<TableTools columns={COLUMNS} rows={rows} file={`${sweep.name}-log`} />}>
            {rows.total === 0 ? <Empty>Nothing was noted lately.</Empty> : <DataTable caption="What happened, the newest first" columns={COLUMNS} rows={rows} keyOf={({ id }) => String(id)} sortedBy="id:desc" file={`${sweep.name}-log`} />}
            {from > 0 && (
              <div class="table-foot">
                <button type="button" onClick={() => (spans.value *= 4)}>
                  Look further back
                </button>
              </div>
            )}
          </Panel>
        );
      }}
    </Shown>
  );
}

async function eventsAfter(sweep: string, after: number, signal: AbortSignal): Promise<readonly EventView[]> {
  const events: EventView[] = [];
  for (let from: number | null = after; from !== null; ) {
    const page: { readonly events: readonly EventView[]; readonly next: number | null } = await ask('GET /sweeps/:sweep/events', { at: { sweep }, query: { after: from, limit: PAGE }, signal });
    events.push(...page.events);
    from = page.next;
  }
  return events;
}
