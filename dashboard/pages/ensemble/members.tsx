/** The ensemble, the best single trial and the members, on validation. */
import type { JSX } from 'preact';
import { segment } from '../../api/client.js';
import type { EnsembleComparison, PartMetrics } from '../../api/types.js';
import { DataTable, localRows, sortingOf, TableTools, type Column } from '../../components/data-table.js';
import { Panel } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { count, metric, setting, whole } from '../../text/format.js';

interface Line {
  readonly key: string;
  readonly name: string;
  /** Null for the ensemble. */
  readonly trial: string | null;
  readonly weight: number | null;
  readonly val: PartMetrics | null;
  readonly test: PartMetrics | null;
  readonly params: number | null;
  readonly settings: string;
}

export function Members({ comparison: { ensemble }, file }: { readonly comparison: EnsembleComparison; readonly file: string }): JSX.Element {
  const isTest = place.value.query.get('test') === '1';
  const columns = columnsOf(isTest);
  const { members, single, rule, maximised, threshold, candidates } = ensemble;
  const lines: Line[] = [
    { key: 'ensemble', name: 'Ensemble', trial: null, weight: null, val: ensemble.val, test: ensemble.test, params: members.reduce((sum, { params }) => sum + params, 0), settings: '' },
    { key: 'single', name: `Best single: trial ${single.number}`, trial: single.trial, weight: null, val: single.val, test: single.test, params: null, settings: '' },
    ...members.map((member): Line => ({ key: member.trial, name: `Trial ${member.number}`, trial: member.trial, weight: member.weight, val: member.val, test: null, params: member.params, settings: settingsText(member.settings, members) })),
  ];
  const rows = localRows(lines, columns, sortingOf(place.value.query.get('sort')));
  const how = [
    `Rule ${rule}${maximised === null ? '' : `, chosen for ${maximised.metric}`}, from ${count(candidates, 'trial')}.`,
    ...(threshold === null ? [] : [`An image is ${ensemble.sweep.data?.classes[ensemble.sweep.data.positive]?.slice(0, 100) ?? 'positive'} from a probability of ${metric(threshold)} on.`]),
  ].join(' ');
  return (
    <Panel title={count(members.length, 'member')} flush tools={<TableTools columns={columns} rows={rows} file={file} />}>
      <DataTable caption="Ensemble and members" columns={columns} rows={rows} keyOf={({ key }) => key} chosen={({ trial }) => trial === null} file={file} />
      <div class="table-foot stack">
        <p>{how}</p>
        {!isTest && (
          <p>
            <button type="button" onClick={() => setQuery({ test: '1' })}>
              Show the test numbers
            </button>{' '}
            Who chooses by them has no unseen images left to say how good the choice is.
          </p>
        )}
      </div>
    </Panel>
  );
}

type Settings = EnsembleComparison['ensemble']['members'][number]['settings'];

/** Those by which members differ stand first: what is cut off is the same for all. */
function settingsText(settings: Settings, members: readonly { readonly settings: Settings }[]): string {
  const differs = (name: string): boolean => new Set(members.map(({ settings: { [name]: value } }) => JSON.stringify(value))).size > 1;
  const parts = Object.entries(settings).map(([name, value]) => ({ text: `${name} ${setting(value)}`, isSame: !differs(name) }));
  return parts.toSorted((a, b) => Number(a.isSame) - Number(b.isSame)).map(({ text }) => text).join(', ');
}

function columnsOf(isTest: boolean): readonly Column<Line>[] {
  const measured = (name: string, label: string, of: (line: Line) => number | null | undefined): Column<Line> => ({ name, label, numeric: true, sort: name.includes('loss') ? 'asc' : 'desc', value: (line) => of(line) ?? null, show: (line) => metric(of(line)) });
  return [
    { name: 'name', label: 'Who', value: ({ name }) => name, show: ({ name, trial }) => (trial === null ? <strong>{name}</strong> : <a href={`/trials/${segment(trial)}`}>{name}</a>) },
    { name: 'weight', label: 'Weight', numeric: true, sort: 'desc', value: ({ weight }) => weight, show: ({ weight }) => (weight === null ? '' : `${Number((weight * 100).toFixed(1))} %`) },
    measured('val.accuracy', 'val.accuracy', ({ val }) => val?.accuracy),
    measured('val.auc', 'val.auc', ({ val }) => val?.auc),
    measured('val.f1', 'val.f1', ({ val }) => val?.f1),
    measured('val.loss', 'val.loss', ({ val }) => val?.loss),
    ...(isTest ? [measured('test.accuracy', 'test accuracy', ({ test }) => test?.accuracy), measured('test.auc', 'test AUC', ({ test }) => test?.auc)] : []),
    { name: 'params', label: 'Parameters', numeric: true, sort: 'asc', value: ({ params }) => params, show: ({ params }) => (params === null ? '' : whole(params)) },
    { name: 'settings', label: 'Settings', value: ({ settings }) => settings },
  ];
}
