/** What a sweep says of classes, once its data are known: class names stand in metrics, weights and `positive`. */
import { isRocMetric, metricClass } from '../../proto/confusion.js';
import { MOST_CURVES } from '../../proto/roc-summary.js';
import type { Json } from '../../proto/work.js';
import { plateauAt, type RateSchedule } from '../space/schedule.js';
import { describe, type Path, type Problem } from './mistakes.js';
import { MAX_EPOCHS, oneOf } from './schema-parts.js';
import type { DataSummary, ObjectiveSpec, SweepSpec } from './spec.js';
import { suggestValue } from './suggest.js';

interface Named {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly className: string | null;
}

interface NamedMetric {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly metric: string;
}

/** What of a sweep file speaks of classes. */
export interface ClassTalk extends Pick<SweepSpec, 'axes' | 'objective' | 'stop'> {
  readonly positive: string | null;
}

/** Problems with a path into the sweep file; `ParsedSweep.place` gives them their lines. */
export function checkAgainstData(spec: SweepSpec, data: Pick<DataSummary, 'classes' | 'counts'>): Problem[] {
  const { trainable } = spec;
  if (trainable.kind !== 'image-classifier') return [];
  return [...checkClasses({ ...spec, positive: trainable.data.positive }, data.classes), ...metricsIn(spec).flatMap((each) => neverReported(each, data)), ...tooManyNeighbors(spec, data)];
}

/** That part of `checkAgainstData` for which the names of the classes are enough: no image need be read for it. */
export function checkClasses(talk: ClassTalk, classes: readonly string[]): Problem[] {
  const named: Named[] = [{ path: ['data', 'positive'], at: 'value', className: talk.positive }, ...metricsIn(talk).map((each) => ({ ...each, className: metricClass(each.metric) })), ...weighted(talk)];
  const unknown = named.flatMap(({ path, at, className }): Problem[] => {
    // Names of folders are NFC by then.
    if (className === null || classes.includes(className.normalize('NFC'))) return [];
    return [{ path, at, found: `the class ${describe(className)}`, expected: oneOf(classes), suggestion: suggestValue(className, classes) }];
  });
  return [...unknown, ...unfitHead(talk, classes)];
}

function metricsIn(talk: Omit<ClassTalk, 'positive'>): NamedMetric[] {
  return [...metricsOf(talk.objective), ...(talk.stop === null ? [] : [{ path: ['stop', 'monitor'], at: 'value' as const, metric: talk.stop.monitor }]), ...watchedByRates(talk)];
}

/** A sigmoid tells two classes apart. */
function unfitHead({ axes }: Pick<ClassTalk, 'axes'>, classes: readonly string[]): Problem[] {
  const heads = axes.find(({ name }) => name === 'head')?.values ?? [];
  if (classes.length === 2 || !heads.includes('sigmoid')) return [];
  return [{ path: ['space', 'head'], at: 'value', found: describe('sigmoid'), expected: `softmax for ${classes.length} classes`, suggestion: 'a sigmoid tells two classes apart' }];
}

/** No more images can be asked than there are to train on. */
function tooManyNeighbors({ axes }: SweepSpec, { counts }: Pick<DataSummary, 'counts'>): Problem[] {
  const values = (name: string): number[] => (axes.find((axis) => axis.name === name)?.values ?? []).map(Number);
  const images = counts.train.reduce((sum, count) => sum + count, 0) * Math.min(1, ...values('trainFraction'));
  const wrong = values('neighbors').find((value) => value > images);
  return wrong === undefined ? [] : [{ path: ['space', 'neighbors'], at: 'value', found: describe(wrong), expected: `at most the number of training images, ${Math.floor(images)}`, suggestion: null }];
}

/** What reduces a learning rate; of several schedules the first of each metric says enough. */
function watchedByRates({ axes }: Pick<ClassTalk, 'axes'>): NamedMetric[] {
  const values = axes.find(({ name }) => name === 'lr')?.values ?? [];
  const metrics = new Set(values.flatMap((value) => plateauAt(value as number | RateSchedule, MAX_EPOCHS)?.monitor ?? []));
  return [...metrics].map((metric) => ({ path: ['space', 'lr'], at: 'value', metric }));
}

/** A metric that no epoch will report ranks nothing. */
function neverReported({ path, at, metric }: NamedMetric, { classes, counts }: Pick<DataSummary, 'classes' | 'counts'>): Problem[] {
  if ((metric.startsWith('val.') || metric === 'cost.msPerImage') && !counts.val.some((count) => count > 0)) {
    return [{ path, at, found: `${metric} without images to validate on`, expected: 'a validation part', suggestion: 'write data.split: {val: 0.15}, or take train.loss' }];
  }
  if (isRocMetric(metric) && classes.length > MOST_CURVES) {
    return [{ path, at, found: `${metric} of ${classes.length} classes`, expected: `at most ${MOST_CURVES} classes`, suggestion: 'val.recall and val.specificity are measured for any number' }];
  }
  return [];
}

/** A path with a place in a list ends before it where the file has no list. */
function metricsOf({ others = [], floors, ceilings = {}, ...first }: ObjectiveSpec): NamedMetric[] {
  const isList = others.length > 0;
  const goals = [first, ...others].map(({ direction, metric }, index) => ({ path: isList ? ['objective', index, direction] : ['objective', direction], at: 'value' as const, metric }));
  const limits = Object.entries({ floors, ceilings }).flatMap(([limit, metrics]) => Object.keys(metrics).map((metric) => ({ path: isList ? ['objective'] : ['objective', limit, metric], at: 'key' as const, metric })));
  return [...goals, ...limits];
}

/** Classes in maps of `classWeights`. */
function weighted({ axes }: Pick<ClassTalk, 'axes'>): { path: Path; at: 'key'; className: string }[] {
  const values: readonly Json[] = axes.find((axis) => axis.name === 'classWeights')?.values ?? [];
  return values.flatMap((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.keys(value).map((className) => ({ path: ['space', 'classWeights', className], at: 'key' as const, className }))
      : [],
  );
}
