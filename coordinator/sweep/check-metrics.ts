/** Names of metrics, and the numbers beside them, against what a trainable reports. */
import { COST_METRICS, METRIC_NAMES, isMetricName, isRocMetric } from '../../proto/confusion.js';
import { isRawMap, type Draft, type RawMap } from './draft.js';
import { describe, type Path, type Problem } from './mistakes.js';
import { oneOf } from './schema-parts.js';
import { suggestMetric } from './suggest.js';

interface Named {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly metric: unknown;
}

interface WrittenObjective {
  readonly path: Path;
  readonly fields: RawMap;
}

/** Of what is written, so that a mistake beside a metric does not hide one in it. */
export function checkMetrics(draft: Draft): Problem[] {
  const known = draft.kind === 'image' ? [...METRIC_NAMES, ...COST_METRICS] : draft.kind === 'synthetic' ? draft.metrics : null;
  if (known === null) return [];
  const objectives = writtenObjectives(draft.raw.objective);
  const named = objectives.flatMap(namedIn);
  const monitor: Named = { path: ['stop', 'monitor'], at: 'value', metric: isRawMap(draft.raw.stop) ? draft.raw.stop.monitor : undefined };
  const isImage = draft.kind === 'image';
  const unknown = [
    ...named.flatMap((each) => problemOf(each, isImage, known, (metric) => (isImage ? isMetricName(metric) || COST_METRICS.includes(metric) : known.includes(metric)))),
    ...problemOf(monitor, isImage, isImage ? METRIC_NAMES : known, (metric) => (isImage ? isMetricName(metric) : known.includes(metric))),
  ];
  return [...unknown, ...checkTwice(objectives), ...(isImage ? [...objectives.flatMap(checkShares), ...checkTarget(draft, objectives), ...checkCostFirst(draft, objectives)] : [])];
}

/** One, or a list of them. */
function writtenObjectives(raw: unknown): WrittenObjective[] {
  const all = Array.isArray(raw) ? raw.map((fields: unknown, index) => ({ path: ['objective', index], fields })) : [{ path: ['objective'], fields: raw }];
  return all.flatMap(({ path, fields }) => (isRawMap(fields) ? [{ path, fields }] : []));
}

function namedIn({ path, fields }: WrittenObjective): Named[] {
  const keys = (limit: 'floors' | 'ceilings'): Named[] => Object.keys(isRawMap(fields[limit]) ? fields[limit] : {}).map((metric) => ({ path: [...path, limit, metric], at: 'key', metric }));
  return [{ path: [...path, 'maximize'], at: 'value', metric: fields.maximize }, { path: [...path, 'minimize'], at: 'value', metric: fields.minimize }, ...keys('floors'), ...keys('ceilings')];
}

function problemOf({ path, at, metric }: Named, isImage: boolean, known: readonly string[], isKnown: (metric: string) => boolean): Problem[] {
  if (typeof metric !== 'string' || metric === '' || isKnown(metric)) return [];
  if (isImage && isRocMetric(metric)) {
    const base = metric.replace(/\[.*$/s, '');
    return [{ path, at, found: describe(metric), expected: 'a level from 0.01 to 1 in steps of 0.01 in brackets', suggestion: `write ${base}[0.95], or with a class ${base}[0.95, CLASS]` }];
  }
  return [{ path, at, found: describe(metric), expected: oneOf(known), suggestion: suggestMetric(metric, known) }];
}

/** Two objectives of one metric, or two limits on one. */
function checkTwice(objectives: readonly WrittenObjective[]): Problem[] {
  const seen = new Set<string>();
  return objectives.flatMap(namedIn).flatMap(({ path, at, metric }): Problem[] => {
    if (typeof metric !== 'string') return [];
    const limit = path.at(-2);
    const name = `${limit === 'floors' || limit === 'ceilings' ? limit : 'objective'} ${metric}`;
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [{ path, at, found: `${metric} twice`, expected: 'each metric once', suggestion: null }];
  });
}

const isShare = (metric: string): boolean => isMetricName(metric) && !metric.endsWith('.loss');

/** All metrics of an image classifier but its losses are shares: a limit outside [0, 1] is always or never met. */
function checkShares({ path, fields }: WrittenObjective): Problem[] {
  return (['floors', 'ceilings'] as const).flatMap((limit) =>
    Object.entries(isRawMap(fields[limit]) ? fields[limit] : {}).flatMap(([metric, value]): Problem[] => {
      if (!isShare(metric) || typeof value !== 'number' || (value >= 0 && value <= 1)) return [];
      return [{ path: [...path, limit, metric], at: 'value', found: describe(value), expected: 'a number from 0 to 1', suggestion: perCent(value) }];
    }),
  );
}

/** A share outside [0, 1] is never reached, or by everything. */
function checkTarget(draft: Draft, [first]: readonly WrittenObjective[]): Problem[] {
  const target = draft.sections.budget?.target;
  const metric = first === undefined ? 'val.auc' : (first.fields.maximize ?? first.fields.minimize);
  if (target === undefined || typeof metric !== 'string' || !isShare(metric) || (target >= 0 && target <= 1)) return [];
  return [{ path: ['budget', 'target'], at: 'value', found: describe(target), expected: `a number from 0 to 1 for ${metric}`, suggestion: perCent(target) }];
}

/** The first objective is what a pruner looks at, and a cost is the same from the first epoch to the last. */
function checkCostFirst({ raw }: Draft, [first]: readonly WrittenObjective[]): Problem[] {
  const metric = first?.fields.maximize ?? first?.fields.minimize;
  if (first === undefined || raw.pruner === undefined || raw.pruner === 'none' || typeof metric !== 'string' || !COST_METRICS.includes(metric)) return [];
  return [{ path: ['pruner'], at: 'value', found: `a pruner that judges by ${metric}`, expected: 'a metric that training moves as the first objective', suggestion: 'put the cost second in a list of objectives, or into ceilings' }];
}

function perCent(value: number): string | null {
  return value > 1 && value <= 100 ? `${value} % is ${Number((value / 100).toPrecision(12))}` : null;
}
