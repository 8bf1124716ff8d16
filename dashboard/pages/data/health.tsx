/** What was found when the files were looked at: warnings, and those that were left out. */
import type { JSX } from 'preact';
import type { DataSetDetail } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Panel } from '../../components/panel.js';
import { place } from '../../state/location.js';
import { count, whole } from '../../text/format.js';

type Rejected = DataSetDetail['rejected'][number];

const COLUMNS: readonly Column<Rejected>[] = [
  { name: 'file', label: 'File that was left out', sort: 'asc', value: ({ file }) => file },
  { name: 'why', label: 'Why', sort: 'asc', value: ({ why }) => why },
];

export function Health({ detail: { set, rejected } }: { readonly detail: DataSetDetail }): JSX.Element {
  const rows = localRows(rejected, COLUMNS, sortingOf(place.value.query.get('rejected.sort')));
  const file = `data-${set.id.slice(0, 12)}-rejected`;
  const isFine = set.rejected === 0 && set.warnings.length === 0;
  return (
    <Panel title="Health" flush tools={rejected.length > 0 && <TableTools prefix="rejected." columns={COLUMNS} rows={rows} file={file} />}>
      {isFine && <p class="notice">Every file could be read, and nothing else was found.</p>}
      {set.warnings.length > 0 && (
        <ul class="findings">
          {set.warnings.map((warning) => (
            <li key={warning} dir="auto">
              {warning.slice(0, 2_000)}
            </li>
          ))}
        </ul>
      )}
      {rejected.length > 0 && <DataTable prefix="rejected." caption="Files that were left out" columns={COLUMNS} rows={rows} keyOf={({ file: name }) => name} file={file} />}
      {set.rejected > rejected.length && (
        <p class="table-foot">
          The first {whole(rejected.length)} of {count(set.rejected, 'file')}.
        </p>
      )}
    </Panel>
  );
}
