import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Answers } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Panel, Shown } from '../../components/panel.js';
import { place } from '../../state/location.js';
import { useResource } from '../../state/resource.js';
import { byteCount, count, whole } from '../../text/format.js';

type Layer = Answers['GET /trials/:trial/layers']['layers'][number];

const COLUMNS: readonly Column<Layer>[] = [
  { name: 'name', label: 'Layer', value: ({ name }) => name },
  { name: 'class', label: 'Class', sort: 'asc', value: ({ className }) => className },
  { name: 'output', label: 'Output', value: ({ output }) => output.join(' x ') },
  { name: 'params', label: 'Parameters', numeric: true, sort: 'desc', value: ({ params }) => params, show: ({ params }) => whole(params) },
  { name: 'learnables', label: 'Learnt', numeric: true, sort: 'desc', optional: true, value: ({ learnables }) => learnables, show: ({ learnables }) => whole(learnables) },
  { name: 'multiplyAdds', label: 'Multiply-adds', numeric: true, sort: 'desc', value: ({ multiplyAdds }) => multiplyAdds, show: ({ multiplyAdds }) => whole(multiplyAdds) },
  { name: 'activationBytes', label: 'Activations', numeric: true, sort: 'desc', value: ({ activationBytes }) => activationBytes, show: ({ activationBytes }) => byteCount(activationBytes) },
];

/** As `trawl model` lists them. */
export function Layers({ trial }: { readonly trial: string }): JSX.Element {
  const { resource, reload } = useResource(`layers ${trial}`, (signal) => ask('GET /trials/:trial/layers', { at: { trial }, signal }));
  if (resource.value.state !== 'ready') {
    return (
      <Panel title="Layers">
        <Shown what="the layers" of={resource} retry={reload}>
          {() => null}
        </Shown>
      </Panel>
    );
  }
  const { layers } = resource.value.value;
  const prefix = 'layers.';
  const rows = localRows(layers, COLUMNS, sortingOf(place.value.query.get(`${prefix}sort`)));
  return (
    <Panel title={count(layers.length, 'layer')} flush tools={<TableTools prefix={prefix} columns={COLUMNS} rows={rows} file={`trial-${trial}-layers`} />}>
      <DataTable caption="Layers" prefix={prefix} columns={COLUMNS} rows={rows} keyOf={({ name }) => name} file={`trial-${trial}-layers`} />
    </Panel>
  );
}
