/** All workers, with what an operator does to one. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { maySteer } from '../../api/session.js';
import type { WorkerView } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel } from '../../components/panel.js';
import { WorkerState } from '../../components/state-badge.js';
import { place } from '../../state/location.js';
import { byteCount, count, duration, isolated, shortened, time } from '../../text/format.js';
import { WorkerDialog, type WorkerDeed } from './worker-dialog.js';

export interface WorkersProps {
  readonly workers: readonly WorkerView[];
  /** Told when one was changed. */
  readonly changed: () => void;
}

export const MAY_NOT = 'Only operators and admins steer the fleet; your token is a viewer’s.';

function columnsOf(workers: readonly WorkerView[], ask: (deed: WorkerDeed) => void): readonly Column<WorkerView>[] {
  return [
    { name: 'worker', label: 'Worker', sort: 'asc', value: ({ name }) => name },
    { name: 'state', label: 'State', sort: 'asc', value: ({ state }) => state, show: ({ state }) => <WorkerState state={state} /> },
    ...(workers.some(({ drain }) => drain !== null) ? DRAIN_COLUMNS : []),
    { name: 'slots', label: 'Busy slots', numeric: true, sort: 'desc', value: ({ busy }) => busy, show: ({ busy, slots, state }) => (state === 'gone' ? '–' : `${busy} of ${slots}`) },
    { name: 'epochsPerSecond', label: 'Epochs/s', numeric: true, sort: 'desc', value: ({ epochsPerSecond }) => epochsPerSecond, show: ({ epochsPerSecond }) => epochsPerSecond?.toFixed(2) ?? '–' },
    { name: 'engine', label: 'Engine', sort: 'asc', value: ({ engine }) => (engine === '' ? null : engine) },
    { name: 'pool', label: 'Pool', sort: 'asc', value: ({ pool }) => pool },
    { name: 'labels', label: 'Labels', value: ({ labels }) => labelText(labels) },
    { name: 'memory', label: 'Memory', numeric: true, sort: 'desc', value: ({ memoryBytes }) => memoryBytes, show: ({ memoryBytes }) => byteCount(memoryBytes) },
    { name: 'lastSeen', label: 'Last seen', numeric: true, sort: 'asc', value: ({ lastSeenSeconds }) => lastSeenSeconds, show: ({ lastSeenSeconds }) => seenText(lastSeenSeconds) },
    {
      ...{ name: 'steer', label: 'Steer' },
      value: () => null,
      show: (worker) =>
        worker.state === 'gone' ? (
          '–'
        ) : (
          <button type="button" class="small-button" disabled={!maySteer() || worker.state === 'draining'} title={maySteer() ? '' : MAY_NOT} onClick={() => ask({ kind: 'drain', worker })}>
            {worker.state === 'draining' ? 'Draining' : 'Drain…'}
          </button>
        ),
    },
    { name: 'cache', label: 'Cache', numeric: true, optional: true, sort: 'desc', value: ({ cache }) => cache?.bytes ?? null, show: ({ cache }) => (cache === null ? '–' : `${byteCount(cache.bytes)} of ${byteCount(cache.limitBytes)}`) },
    { name: 'carrier', label: 'Connected by', optional: true, sort: 'asc', value: ({ carrier }) => carrier },
    { name: 'numerics', label: 'Can train', optional: true, value: ({ numerics }) => numerics.join(', ') },
    { name: 'id', label: 'Id', optional: true, value: ({ id }) => id },
  ];
}

/** Where one of them was asked to leave. */
const DRAIN_COLUMNS: readonly Column<WorkerView>[] = [
  { name: 'drained', label: 'Drained', sort: 'desc', value: ({ drain }) => drain?.at ?? null, show: ({ drain }) => (drain === null ? '–' : `${time(drain.at)}, by ${isolated(shortened(drain.by, 40))}`) },
  { name: 'drainedBy', label: 'Drained by', optional: true, sort: 'asc', value: ({ drain }) => drain?.by ?? null },
];

function labelText(labels: WorkerView['labels']): string | null {
  const entries = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return entries.length === 0 ? null : entries.join(', ');
}

/** Heartbeats come every few seconds. */
function seenText(seconds: number): string {
  return seconds < 10 ? 'just now' : `${duration(seconds * 1_000)} ago`;
}

export function WorkerTable({ workers, changed }: WorkersProps): JSX.Element {
  const deed = useSignal<WorkerDeed | null>(null);
  const columns = columnsOf(workers, (next) => (deed.value = next));
  const rows = localRows(workers, columns, sortingOf(place.value.query.get('sort')));
  return (
    <Panel title={count(workers.length, 'worker')} flush tools={<TableTools columns={columns} rows={rows} file="workers" />}>
      {workers.length === 0 ? <Empty><span>No worker is connected. <code>trawl worker --coordinator HOST:PORT</code> starts one.</span></Empty> : <DataTable caption="Workers" columns={columns} rows={rows} keyOf={({ id }) => id} file="workers" />}
      {!maySteer() && <p class="table-foot">{MAY_NOT}</p>}
      {deed.value !== null && <WorkerDialog deed={deed.value} changed={changed} onClose={() => (deed.value = null)} />}
    </Panel>
  );
}
