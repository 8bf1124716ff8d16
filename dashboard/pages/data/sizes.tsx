/** How large the images of a data set are, in pixels and in bytes. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { DataSizes } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel, Shown } from '../../components/panel.js';
import { place } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { byteCount, whole } from '../../text/format.js';

type Size = DataSizes['sizes'][number];

const COLUMNS: readonly Column<Size>[] = [
  { name: 'width', label: 'Width (px)', numeric: true, sort: 'desc', value: ({ width }) => width },
  { name: 'height', label: 'Height (px)', numeric: true, sort: 'desc', value: ({ height }) => height },
  { name: 'channels', label: 'Channels', numeric: true, sort: 'desc', value: ({ channels }) => channels },
  { name: 'count', label: 'Files', numeric: true, sort: 'desc', value: ({ count }) => count },
];

export function Sizes({ set }: { readonly set: string }): JSX.Element {
  const { resource, reload } = useResource(`sizes ${set}`, (signal) => ask('GET /datasets/:dataset/sizes', { at: { dataset: set }, signal }));
  const current = resource.value;
  const rows = localRows(current.state === 'ready' ? current.value.sizes : [], COLUMNS, sortingOf(place.value.query.get('sizes.sort')));
  return (
    <Panel title="Image sizes" flush tools={rows.total > 0 && <TableTools prefix="sizes." columns={COLUMNS} rows={rows} file={`data-${set.slice(0, 12)}-sizes`} />}>
      <Shown what="the sizes" of={resource} retry={reload}>
        {({ images, sampled, bytes }) => (
          <>
            <p class="table-foot">
              {sampled < images ? `Of ${whole(sampled)} files, evenly spread over all ${whole(images)}` : `Of all ${whole(images)} files`}. Bytes of a file: {byteCount(bytes.least)} to {byteCount(bytes.most)}, half have {byteCount(bytes.median)} at most; {byteCount(bytes.total)} in all.
            </p>
            {rows.total === 0 ? <Empty>None of the files that were looked at can be read.</Empty> : <DataTable prefix="sizes." caption="Image sizes" columns={COLUMNS} rows={rows} keyOf={({ width, height, channels }) => `${width} ${height} ${channels}`} file={`data-${set.slice(0, 12)}-sizes`} />}
          </>
        )}
      </Shown>
    </Panel>
  );
}
