/** An ensemble as a person reads it, and as a program does. Pure. */
import type { EnsembleView, PartValues } from '../../coordinator/api/analysis-views.js';
import type { PartMetrics } from '../../coordinator/api/trial-views.js';
import { count, metric, settingText } from '../text/format.js';
import { table } from '../text/table.js';

/** Part of the contract of `trawl run --json`. */
export interface EnsembleDocument {
  readonly members: readonly { readonly trial: string; readonly weight: number }[];
  readonly rule: string;
  /** Null where there are more than two classes. */
  readonly threshold: number | null;
  readonly val: PartMetrics;
  readonly test: PartMetrics | null;
}

export function ensembleDocument(view: EnsembleView): EnsembleDocument {
  const { members, rule, threshold, val, test } = view;
  return { members: members.map(({ trial, weight }) => ({ trial, weight })), rule, threshold, val, test };
}

/** What `trawl ensemble --json` prints: the same fields, and all that is known of the members. */
export function ensembleDetail(view: EnsembleView): object {
  const { sweep, rule, threshold, val, test, objective, maximised, candidates, single, members } = view;
  const { id, name, revision, data } = sweep;
  return { sweep: { id, name, revision }, dataset: data?.manifest ?? null, rule, threshold, maximised, candidates, val, test, objective, single, members };
}

interface Row {
  readonly name: string;
  readonly val: PartMetrics | null;
  readonly test: PartMetrics | null;
  readonly objective: PartValues;
}

export function ensembleLines(view: EnsembleView): string[] {
  const { members, single, maximised, threshold } = view;
  const by = maximised === null ? '' : ` by ${maximised.metric}`;
  const names = [...new Set(members.flatMap(({ settings }) => Object.keys(settings)))];
  const differing = names.filter((name) => new Set(members.map(({ settings }) => JSON.stringify(settings[name]))).size > 1);
  const memberTable = table(
    [
      { title: 'weight', value: (member) => member.weight.toFixed(3), align: 'right' },
      { title: 'trial', value: (member) => `#${member.number}`, align: 'right' },
      ...differing.map((name) => ({ title: name, value: (member: EnsembleView['members'][number]) => settingText(member.settings[name] ?? null) })),
    ],
    members,
  );
  return [
    `Ensemble of ${count(members.length, 'member')} out of ${count(view.candidates, 'distinct trial')} (${view.rule}${by}${thresholdText(view)})`,
    ...memberTable.map((line) => `  ${line}`),
    ...comparison([
      { name: 'ensemble', val: view.val, test: view.test, objective: view.objective },
      { name: `best single, #${single.number}`, val: single.val, test: single.test, objective: single.objective },
    ], view.sweep.objective.metric).map((line) => `  ${line}`),
    ...(threshold !== null && threshold !== 0.5 ? ['  (the single model is measured at a threshold of 0.5)'] : []),
  ];
}

function thresholdText({ threshold, sweep }: EnsembleView): string {
  if (threshold === null || sweep.data === null) return '';
  return `; ${sweep.data.classes[sweep.data.positive] ?? ''} from ${metric(threshold)} on`;
}

/** `objective`: its metric, which has columns of its own where the others lack it. */
function comparison(rows: readonly Row[], objective: string): string[] {
  const part = (title: 'val' | 'test', name: 'loss' | 'accuracy' | 'auc' | 'f1') => ({ title: `${title}.${name}`, value: (row: Row) => metric(row[title]?.[name]), align: 'right' as const });
  const shown = rows.some((row) => row.test !== null) ? (['val', 'test'] as const) : (['val'] as const);
  const own = (title: 'val' | 'test') => ({ title: objective.replace(/^val(?=\.)/, title), value: (row: Row) => metric(row.objective[title]), align: 'right' as const });
  const hasOwn = rows.some((row) => row.objective.val !== null);
  return table([{ title: '', value: (row: Row) => row.name }, ...shown.flatMap((title) => [...(hasOwn ? [own(title)] : []), ...(['accuracy', 'auc', 'f1', 'loss'] as const).map((name) => part(title, name))])], rows);
}
