/** The GPUs of all workers, as their last heartbeats tell. */
import type { JSX } from 'preact';
import type { GpuView, WorkerView } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel } from '../../components/panel.js';
import { ProgressBar } from '../../components/state-badge.js';
import { place } from '../../state/location.js';
import { byteCount, count, percent } from '../../text/format.js';

interface Gpu extends GpuView {
  readonly worker: string;
  readonly key: string;
}

const COLUMNS: readonly Column<Gpu>[] = [
  { name: 'worker', label: 'Worker', sort: 'asc', value: ({ worker }) => worker },
  { name: 'index', label: 'GPU', numeric: true, value: ({ index }) => index },
  { name: 'model', label: 'Model', sort: 'asc', value: ({ name }) => name },
  {
    ...{ name: 'memory', label: 'Memory', sort: 'desc' },
    value: ({ usedBytes }) => usedBytes,
    show: ({ usedBytes, memoryBytes, key }) => (usedBytes === null ? '–' : <ProgressBar label={`Memory of GPU ${key}: ${byteCount(usedBytes)} of ${byteCount(memoryBytes)}`} done={usedBytes} total={memoryBytes} />),
  },
  { name: 'used', label: 'Used', numeric: true, value: ({ usedBytes }) => usedBytes, show: ({ usedBytes, memoryBytes }) => `${usedBytes === null ? '–' : byteCount(usedBytes)} of ${byteCount(memoryBytes)}` },
  { name: 'utilisation', label: 'Utilisation', numeric: true, sort: 'desc', value: ({ utilisation }) => utilisation, show: ({ utilisation }) => (utilisation === null ? '–' : percent(utilisation)) },
  { name: 'celsius', label: 'Temperature', numeric: true, sort: 'desc', value: ({ celsius }) => celsius, show: ({ celsius }) => (celsius === null ? '–' : `${Math.round(celsius)} °C`) },
];

export function GpuTable({ workers }: { readonly workers: readonly WorkerView[] }): JSX.Element {
  const gpus = workers.flatMap(({ id, name, gpus: own }) => own.map((gpu): Gpu => ({ ...gpu, worker: name, key: `${id} ${gpu.index}` })));
  const rows = localRows(gpus, COLUMNS, sortingOf(place.value.query.get('gpus.sort')));
  return (
    <Panel title={count(gpus.length, 'GPU')} flush tools={gpus.length > 0 && <TableTools prefix="gpus." columns={COLUMNS} rows={rows} file="gpus" />}>
      {gpus.length === 0 ? <Empty>No connected worker has a GPU that it tells of.</Empty> : <DataTable prefix="gpus." caption="GPUs" columns={COLUMNS} rows={rows} keyOf={({ key }) => key} file="gpus" />}
    </Panel>
  );
}
