/** The trials of a sweep, the best first. */
import type { JSX } from 'preact';
import { segment } from '../../api/client.js';
import type { Results, TrialResult } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Empty, Panel } from '../../components/panel.js';
import { StateBadge } from '../../components/state-badge.js';
import { place } from '../../state/location.js';
import { count, metric, setting, whole } from '../../text/format.js';

export function Leaderboard({ results }: { readonly results: Results }): JSX.Element {
  const columns = columnsOf(results);
  const rows = localRows(results.trials, columns, sortingOf(place.value.query.get('sort')));
  const file = `${results.sweep.name}-trials`;
  return (
    <Panel title={count(rows.total, 'trial')} flush tools={<TableTools columns={columns} rows={rows} file={file} />}>
      {rows.total === 0 ? <Empty>No trial has been proposed yet.</Empty> : <DataTable caption="Trials, the best first" columns={columns} rows={rows} keyOf={({ id }) => id} file={file} />}
    </Panel>
  );
}

/** Settings that differ between trials stand before those that are the same in all. */
function columnsOf({ sweep, trials }: Results): Column<TrialResult>[] {
  const { direction } = sweep.objective;
  const namesOf = (of: (trial: TrialResult) => object): string[] => [...new Set(trials.flatMap((trial) => Object.keys(of(trial))))];
  const settings = namesOf((trial) => trial.settings).map((name) => ({ name, differs: new Set(trials.map((trial) => JSON.stringify(trial.settings[name]))).size > 1 }));
  return [
    { name: 'trial', label: 'Trial', numeric: true, sort: 'asc', value: ({ number }) => number, show: ({ id, number }) => <a href={`/trials/${segment(id)}`}>{number}</a> },
    { name: 'state', label: 'State', sort: 'asc', value: ({ state }) => state, show: ({ state }) => <StateBadge state={state} /> },
    { name: 'objective', label: sweep.objective.metric, numeric: true, sort: direction === 'maximize' ? 'desc' : 'asc', value: ({ objective }) => objective, show: ({ objective }) => metric(objective) },
    { name: 'epochs', label: 'Trained epochs', numeric: true, sort: 'desc', value: ({ epochs }) => epochs },
    ...settings.toSorted((a, b) => Number(b.differs) - Number(a.differs)).map(({ name, differs }): Column<TrialResult> => ({ name: `settings.${name}`, label: name, sort: 'asc', optional: !differs, numeric: trials.every(({ settings: { [name]: value = null } }) => value === null || typeof value === 'number'), ...settingColumn(name) })),
    ...namesOf((trial) => trial.metrics).filter((name) => name !== sweep.objective.metric).map((name): Column<TrialResult> => ({ name, label: name, numeric: true, sort: /loss|error/i.test(name) ? 'asc' : 'desc', optional: true, value: ({ metrics }) => metrics[name] ?? null, show: ({ metrics }) => metric(metrics[name]) })),
    { name: 'params', label: 'Parameters', numeric: true, sort: 'asc', optional: true, value: ({ params }) => params, show: ({ params }) => whole(params) },
    { name: 'secondsPerEpoch', label: 'Seconds per epoch', numeric: true, sort: 'asc', optional: true, value: ({ secondsPerEpoch }) => secondsPerEpoch, show: ({ secondsPerEpoch }) => metric(secondsPerEpoch) },
    { name: 'failure', label: 'Failure', sort: 'asc', optional: true, value: ({ failure }) => (failure === null ? null : `${failure.class}: ${failure.message}`) },
    { name: 'id', label: 'Id', optional: true, value: ({ id }) => id },
  ];
}

function settingColumn(name: string): Pick<Column<TrialResult>, 'value' | 'show'> {
  return {
    value: ({ settings: { [name]: value = null } }) => (value === null || typeof value !== 'object' ? value : setting(value)),
    show: ({ settings: { [name]: value } }) => setting(value),
  };
}
