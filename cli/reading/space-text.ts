/** A trial's settings as the `space` of a sweep file of that one trial. */
import { Document, isCollection, isMap, isPair } from 'yaml';
import type { Assignment } from '../../coordinator/sweep/spec.js';

/** Lines of YAML, one a hyperparameter. */
export function spaceLines(settings: Assignment): string[] {
  // A list under a name means values, so that a value that is a list stands in a list of its own.
  const space = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, Array.isArray(value) ? [value] : value]));
  const document = new Document({ space });
  const written = document.get('space');
  if (isMap(written)) for (const pair of written.items) if (isPair(pair) && isCollection(pair.value)) pair.value.flow = true;
  return document.toString({ flowCollectionPadding: false, lineWidth: 0 }).trimEnd().split('\n');
}
