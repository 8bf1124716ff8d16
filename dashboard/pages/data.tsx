/** The data sets that sweeps train on. */
import type { JSX } from 'preact';
import { ask } from '../api/client.js';
import type { DataSetView, Part } from '../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../components/data-table.js';
import { usePageTitle } from '../components/page-title.js';
import { Empty, Panel, Shown } from '../components/panel.js';
import { place } from '../state/location.js';
import { useResource } from '../state/resource.js';
import { count, isolated, shortened, whole } from '../text/format.js';

const imagesOf = ({ counts }: DataSetView, part: Part): number => counts[part].reduce((sum, images) => sum + images, 0);

const partColumn = (part: Part, label: string): Column<DataSetView> => ({ name: part, label, numeric: true, sort: 'desc', value: (set) => imagesOf(set, part), show: (set) => whole(imagesOf(set, part)) });

const COLUMNS: readonly Column<DataSetView>[] = [
  { name: 'set', label: 'Data set', value: ({ id }) => id, show: ({ id }) => <a class="mono" href={`/data/${id}`}>{id.slice(0, 12)}</a> },
  { name: 'sweeps', label: 'Sweeps', sort: 'asc', value: ({ sweeps }) => sweeps.join(', '), show: ({ sweeps }) => sweeps.slice(0, 3).map((name) => isolated(shortened(name))).join(', ') + (sweeps.length > 3 ? ` and ${sweeps.length - 3} more` : '') },
  { name: 'images', label: 'Images', numeric: true, sort: 'desc', value: ({ images }) => images, show: ({ images }) => whole(images) },
  partColumn('train', 'Train'),
  partColumn('val', 'Val'),
  partColumn('test', 'Test'),
  { name: 'classes', label: 'Classes', numeric: true, sort: 'desc', value: ({ classes }) => classes.length },
  { name: 'rejected', label: 'Rejected files', numeric: true, sort: 'desc', value: ({ rejected }) => rejected },
  { name: 'warnings', label: 'Warnings', numeric: true, sort: 'desc', value: ({ warnings }) => warnings.length },
  { name: 'digest', label: 'Digest of its content', optional: true, value: ({ digest }) => digest },
];

export function DataPage(): JSX.Element {
  usePageTitle('Data');
  const { resource, reload } = useResource('datasets', (signal) => ask('GET /datasets', { signal }));
  return (
    <>
      <div class="page-head">
        <h1>Data</h1>
      </div>
      <Shown what="the data sets" of={resource} retry={reload}>
        {(sets) => <Sets sets={sets} />}
      </Shown>
    </>
  );
}

function Sets({ sets }: { readonly sets: readonly DataSetView[] }): JSX.Element {
  const rows = localRows(sets, COLUMNS, sortingOf(place.value.query.get('sort')));
  return (
    <Panel title={count(sets.length, 'data set')} flush tools={<TableTools columns={COLUMNS} rows={rows} file="data-sets" />}>
      {sets.length === 0 ? <Empty>No sweep here trains on images yet.</Empty> : <DataTable caption="Data sets" columns={COLUMNS} rows={rows} keyOf={({ id }) => id} file="data-sets" />}
    </Panel>
  );
}
