import { metricClass } from '../../proto/confusion.js';
import type { Problem } from '../sweep/mistakes.js';
import type { SweepSpec } from '../sweep/spec.js';

/** Metrics of a sweep that name a class which its data do not have: known only once the data were read. */
export function unknownClasses(spec: SweepSpec, classes: readonly string[]): Problem[] {
  const { objective, stop } = spec;
  const named: { path: (string | number)[]; at: Problem['at']; metric: string }[] = [
    { path: ['objective', spec.objective.direction], at: 'value', metric: objective.metric },
    ...Object.keys(objective.floors).map((metric) => ({ path: ['objective', 'floors', metric], at: 'key' as const, metric })),
    ...(stop === null ? [] : [{ path: ['stop', 'monitor'], at: 'value' as const, metric: stop.monitor }]),
  ];
  return named.flatMap(({ path, at, metric }) => {
    const name = metricClass(metric);
    if (name === null || classes.includes(name)) return [];
    return [{ path, at, found: metric, expected: `one of the classes ${classes.join(', ')} between the brackets`, suggestion: null }];
  });
}
