/** Ready work by what it waits for. */
import type { JSX } from 'preact';
import type { QueueView } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel } from '../../components/panel.js';
import { place } from '../../state/location.js';
import { whole } from '../../text/format.js';

type Reason = keyof NonNullable<QueueView['waiting']>;

const MEANINGS: { readonly [reason in Reason]: string } = {
  slot: 'a slot: all that could take it are busy',
  worker: 'a worker: none is connected',
  pool: 'a worker that its sweep may use',
  engine: 'a worker with the engine of its sweep',
  memory: 'a slot with more memory',
  alone: 'a box to itself',
  concurrency: 'its own sweep, which has as many stages as it may at once',
  budget: 'what its sweep’s budget has left, which is spoken for',
};

interface Line {
  readonly reason: Reason;
  readonly pieces: number;
}

const COLUMNS: readonly Column<Line>[] = [
  { name: 'reason', label: 'Waits for', value: ({ reason }) => reason, show: ({ reason }) => MEANINGS[reason] },
  { name: 'pieces', label: 'Pieces', numeric: true, sort: 'desc', value: ({ pieces }) => pieces, show: ({ pieces }) => whole(pieces) },
];

export function Queue({ waiting }: Pick<QueueView, 'waiting'>): JSX.Element {
  const lines = (Object.keys(MEANINGS) as Reason[]).flatMap((reason): Line[] => ((waiting?.[reason] ?? 0) === 0 ? [] : [{ reason, pieces: waiting?.[reason] ?? 0 }]));
  const rows = localRows(lines, COLUMNS, sortingOf(place.value.query.get('queue.sort') ?? 'pieces:desc'));
  return (
    <Panel title="Waiting work" flush tools={lines.length > 0 && <TableTools prefix="queue." columns={COLUMNS} rows={rows} file="queue" />}>
      {lines.length === 0 ? <Empty>{waiting === null ? 'This coordinator does not lead.' : 'Nothing waits: what is ready is at a worker.'}</Empty> : <DataTable prefix="queue." caption="Waiting work" columns={COLUMNS} rows={rows} keyOf={({ reason }) => reason} sortedBy="pieces:desc" file="queue" />}
    </Panel>
  );
}
