import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Answers } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { place } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { byteCount } from '../../text/format.js';

type Blob = Answers['GET /trials/:trial/blobs'][number];

const COLUMNS: readonly Column<Blob>[] = [
  { name: 'what', label: 'What', sort: 'asc', value: ({ what }) => what },
  { name: 'bytes', label: 'Size', numeric: true, sort: 'desc', value: ({ bytes: size }) => size, show: ({ bytes: size }) => (size === null ? 'not kept' : byteCount(size)) },
  { name: 'id', label: 'Blob', value: ({ id }) => id, show: ({ id }) => <span class="mono">{id}</span> },
];

/** What the trial has stored. `epochs`: so many are recorded; read again as they grow. */
export function Blobs({ trial, epochs }: { readonly trial: string; readonly epochs: number }): JSX.Element {
  const { resource, reload } = useResource(`blobs ${trial} ${epochs}`, (signal) => ask('GET /trials/:trial/blobs', { at: { trial }, signal }));
  const prefix = 'blobs.';
  const known = resource.value.state === 'ready' ? resource.value.value : [];
  const rows = localRows(known, COLUMNS, sortingOf(place.value.query.get(`${prefix}sort`)));
  return (
    <Panel title="Stored" flush tools={<TableTools prefix={prefix} columns={COLUMNS} rows={rows} file={`trial-${trial}-blobs`} />}>
      <Shown what="what is stored" of={resource} retry={reload}>
        {(blobs) => (blobs.length === 0 ? <Empty>Nothing is stored of it but its numbers.</Empty> : <DataTable caption="Stored blobs" prefix={prefix} columns={COLUMNS} rows={rows} keyOf={({ id, what }) => `${id} ${what}`} file={`trial-${trial}-blobs`} />)}
      </Shown>
    </Panel>
  );
}
