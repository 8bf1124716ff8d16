/** What each slot is at now, with the trials that wait for it. */
import type { JSX } from 'preact';
import { segment } from '../../api/client.js';
import type { WorkerStage, WorkerView } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel } from '../../components/panel.js';
import { ProgressBar } from '../../components/state-badge.js';
import { place } from '../../state/location.js';
import { count, shortened } from '../../text/format.js';

interface Running {
  readonly key: string;
  readonly worker: string;
  readonly stage: WorkerStage;
}

const TRIALS_SHOWN = 4;

const COLUMNS: readonly Column<Running>[] = [
  { name: 'worker', label: 'Worker', sort: 'asc', value: ({ worker }) => worker },
  { name: 'kind', label: 'Work', sort: 'asc', value: ({ stage }) => stage.kind },
  { name: 'sweep', label: 'Sweep', sort: 'asc', value: ({ stage }) => stage.sweep, show: ({ stage: { sweep } }) => (sweep === null ? '–' : <a href={`/sweeps/${segment(sweep)}`}>{shortened(sweep)}</a>) },
  { name: 'trials', label: 'Trials', value: ({ stage }) => stage.trials.join(' '), show: ({ stage }) => <Trials stage={stage} /> },
  { name: 'epoch', label: 'Epoch', numeric: true, sort: 'desc', value: ({ stage }) => stage.epoch },
  {
    ...{ name: 'span', label: 'Of its span' },
    value: ({ stage: { from, to } }) => `${from} to ${to - 1}`,
    show: ({ stage: { from, to, epoch } }) => <ProgressBar label={`Epoch ${epoch} of ${from} to ${to - 1}`} done={Math.max(0, epoch - from)} total={Math.max(1, to - from)} />,
  },
];

function Trials({ stage: { sweep, trials } }: { readonly stage: WorkerStage }): JSX.Element {
  if (sweep === null || trials.length === 0) return <>–</>;
  return (
    <>
      {trials.slice(0, TRIALS_SHOWN).map((number, index) => (
        <span key={number}>
          {index > 0 && ' '}
          <a href={`/trials/${segment(`${sweep}/${number}`)}`}>#{number}</a>
        </span>
      ))}
      {trials.length > TRIALS_SHOWN && ` and ${trials.length - TRIALS_SHOWN} more`}
    </>
  );
}

export function RunningTable({ workers }: { readonly workers: readonly WorkerView[] }): JSX.Element {
  const running = workers.flatMap(({ id, name, stages }) => stages.map((stage, index): Running => ({ key: `${id} ${index}`, worker: name, stage })));
  const rows = localRows(running, COLUMNS, sortingOf(place.value.query.get('running.sort')));
  return (
    <Panel title={`${count(running.length, 'stage')} at workers`} flush tools={<TableTools prefix="running." columns={COLUMNS} rows={rows} file="running" />}>
      {running.length === 0 ? <Empty>Nothing is trained or evaluated now.</Empty> : <DataTable prefix="running." caption="Stages at workers" columns={COLUMNS} rows={rows} keyOf={({ key }) => key} file="running" />}
    </Panel>
  );
}
