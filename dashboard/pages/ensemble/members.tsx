/** The ensemble, the best single trial and the members, on validation. */
import type { JSX } from 'preact';
import { segment } from '../../api/client.js';
import type { EnsembleComparison, Json, PartMetrics } from '../../api/types.js';
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
  readonly settings: Settings;
}

type Settings = EnsembleComparison['ensemble']['members'][number]['settings'];

export function Members({ comparison: { ensemble }, file }: { readonly comparison: EnsembleComparison; readonly file: string }): JSX.Element {
  const isTest = place.value.query.get('test') === '1';
  const { members, single, rule, maximised, threshold, candidates } = ensemble;
  const columns = columnsOf(members.map(({ settings }) => settings), isTest);
  // Unless a rule leaves it out, the best single trial is one of them.
  const alone = members.find(({ trial }) => trial === single.trial);
  const lines: Line[] = [
    { key: 'ensemble', name: 'Ensemble', trial: null, weight: null, val: ensemble.val, test: ensemble.test, params: members.reduce((sum, { params }) => sum + params, 0), settings: {} },
    { key: 'single', name: `Best single: trial ${single.number}`, trial: single.trial, weight: null, val: single.val, test: single.test, params: alone?.params ?? null, settings: alone?.settings ?? {} },
    ...members.map((member): Line => ({ key: member.trial, name: `Trial ${member.number}`, trial: member.trial, weight: member.weight, val: member.val, test: null, params: member.params, settings: member.settings })),
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
        {isTest && <p>Of the ensemble and the best single trial alone: who sees the members' would choose by them.</p>}
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

/** Those that members have different values of. */
function differing(all: readonly Settings[]): string[] {
  const names = [...new Set(all.flatMap((settings) => Object.keys(settings)))];
  return names.filter((name) => new Set(all.map(({ [name]: value }) => JSON.stringify(value))).size > 1);
}

function settingColumn(name: string, all: readonly Settings[]): Column<Line> {
  const of = ({ settings }: Line): Json => settings[name] ?? null;
  return { name: `settings.${name}`, label: name, sort: 'asc', numeric: all.every((each) => typeof each[name] === 'number'), value: (line) => cellOf(of(line)), show: (line) => (name in line.settings ? setting(of(line)) : '') };
}

function cellOf(value: Json): string | number | boolean | null {
  return value !== null && typeof value === 'object' ? setting(value) : value;
}

function allSettings(settings: Settings): string {
  return Object.entries(settings).map(([name, value]) => `${name} ${setting(value)}`).join(', ');
}

function columnsOf(settings: readonly Settings[], isTest: boolean): readonly Column<Line>[] {
  const measured = (name: string, label: string, of: (line: Line) => number | null | undefined): Column<Line> => ({ name, label, numeric: true, sort: name.includes('loss') ? 'asc' : 'desc', value: (line) => of(line) ?? null, show: (line) => (of(line) === undefined ? '' : metric(of(line))) });
  return [
    { name: 'name', label: 'Who', value: ({ name }) => name, show: ({ name, trial }) => (trial === null ? <strong>{name}</strong> : <a href={`/trials/${segment(trial)}`}>{name}</a>) },
    { name: 'weight', label: 'Weight', numeric: true, sort: 'desc', value: ({ weight }) => weight, show: ({ weight }) => (weight === null ? '' : `${Number((weight * 100).toFixed(1))} %`) },
    measured('val.accuracy', 'val.accuracy', ({ val }) => val?.accuracy),
    measured('val.auc', 'val.auc', ({ val }) => val?.auc),
    measured('val.f1', 'val.f1', ({ val }) => val?.f1),
    measured('val.loss', 'val.loss', ({ val }) => val?.loss),
    ...(isTest ? [measured('test.accuracy', 'test accuracy', ({ test }) => test?.accuracy), measured('test.auc', 'test AUC', ({ test }) => test?.auc)] : []),
    { name: 'params', label: 'Parameters', numeric: true, sort: 'asc', value: ({ params }) => params, show: ({ params }) => (params === null ? '' : whole(params)) },
    ...differing(settings).map((name) => settingColumn(name, settings)),
    { name: 'settings', label: 'All settings', optional: true, value: ({ settings: own }) => allSettings(own) },
  ];
}
