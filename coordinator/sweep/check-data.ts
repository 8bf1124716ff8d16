/** What a sweep says of classes, once its data are known: class names stand in metrics, weights and `positive`. */
import { metricClass } from '../../proto/confusion.js';
import type { Json } from '../../proto/work.js';
import { describe, type Path, type Problem } from './mistakes.js';
import { oneOf } from './schema.js';
import type { DataSummary, SweepSpec } from './spec.js';
import { suggestValue } from './suggest.js';

/** Problems with a path into the sweep file; `ParsedSweep.place` gives them their lines. */
export function checkAgainstData(spec: SweepSpec, data: Pick<DataSummary, 'classes'>): Problem[] {
  if (spec.trainable.kind !== 'image-classifier') return [];
  const named: { path: Path; at: 'key' | 'value'; className: string | null }[] = [
    { path: ['data', 'positive'], at: 'value', className: spec.trainable.data.positive },
    { path: ['objective', spec.objective.direction], at: 'value', className: metricClass(spec.objective.metric) },
    ...Object.keys(spec.objective.floors).map((metric) => ({ path: ['objective', 'floors', metric], at: 'key' as const, className: metricClass(metric) })),
    { path: ['stop', 'monitor'], at: 'value', className: spec.stop === null ? null : metricClass(spec.stop.monitor) },
    ...weighted(spec),
  ];
  return named.flatMap(({ path, at, className }): Problem[] => {
    if (className === null || data.classes.includes(className)) return [];
    return [{ path, at, found: `the class ${describe(className)}`, expected: oneOf(data.classes), suggestion: suggestValue(className, data.classes) }];
  });
}

/** Classes in maps of `classWeights`. */
function weighted(spec: SweepSpec): { path: Path; at: 'key'; className: string }[] {
  const values: readonly Json[] = spec.axes.find((axis) => axis.name === 'classWeights')?.values ?? [];
  return values.flatMap((value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.keys(value).map((className) => ({ path: ['space', 'classWeights', className], at: 'key' as const, className }))
      : [],
  );
}
