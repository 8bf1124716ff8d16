/** Where the trial's epochs were trained, and how that ended. */
import type { JSX } from 'preact';
import type { TrialDetail } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel } from '../../components/panel.js';
import { place } from '../../state/location.js';
import { between, count, time } from '../../text/format.js';
import { outcomeText } from './outcome.js';

type Attempt = TrialDetail['attempts'][number];

const COLUMNS: readonly Column<Attempt>[] = [
  { name: 'worker', label: 'Worker', sort: 'asc', value: ({ name }) => name },
  { name: 'kind', label: 'Work', sort: 'asc', value: ({ kind }) => kind },
  { name: 'epochs', label: 'Epochs', sort: 'asc', value: ({ from, to }) => (to - from <= 1 ? String(from) : `${from} to ${to - 1}`) },
  { name: 'outcome', label: 'Ended', sort: 'asc', value: ({ outcome, startedAt }) => outcome ?? (startedAt === null ? 'waits for a slot' : 'runs now') },
  { name: 'started', label: 'Started', sort: 'desc', value: ({ startedAt }) => startedAt, show: ({ startedAt }) => (startedAt === null ? '–' : time(startedAt)) },
  { name: 'took', label: 'Took', numeric: true, value: ({ startedAt, endedAt }) => (startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt)), show: ({ startedAt, endedAt }) => (startedAt === null ? '–' : between(startedAt, endedAt)) },
  { name: 'message', label: 'Message', value: ({ message }) => message },
  { name: 'workerId', label: 'Id of the worker', optional: true, value: ({ worker }) => worker },
  { name: 'attempt', label: 'Attempt', optional: true, value: ({ attempt }) => attempt },
];

export function Attempts({ detail: { sweep, trial, attempts } }: { readonly detail: TrialDetail }): JSX.Element {
  const prefix = 'attempts.';
  const rows = localRows(attempts.map((attempt) => ({ ...attempt, outcome: outcomeText(attempt, trial) })), COLUMNS, sortingOf(place.value.query.get(`${prefix}sort`)));
  const file = `${sweep.name}-trial-${trial.number}-attempts`;
  return (
    <Panel title={count(attempts.length, 'attempt')} flush tools={<TableTools prefix={prefix} columns={COLUMNS} rows={rows} file={file} />}>
      {attempts.length === 0 ? <Empty>None of its epochs was trained for it: they are still to come, or were there already.</Empty> : <DataTable caption="Attempts" prefix={prefix} columns={COLUMNS} rows={rows} keyOf={({ attempt }) => attempt} file={file} />}
    </Panel>
  );
}
