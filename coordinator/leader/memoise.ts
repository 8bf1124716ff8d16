/** What the store knows of epochs, laid into the forest. */
import { addEvaluation, type Forest } from '../stage/forest.js';
import type { SweepFacts } from './model.js';

/** `since`: when the sweep was first submitted; epochs recorded before then are shared by whoever needs them. */
export function memoise(forest: Forest, facts: Pick<SweepFacts, 'epochs' | 'evaluations'>, since: Date): void {
  for (const epoch of facts.epochs) {
    const node = forest.get(epoch.key);
    if (node?.result !== null) continue;
    node.result = epoch.result;
    node.seconds = epoch.seconds;
    node.params = epoch.params;
    node.msPerImage = epoch.msPerImage;
    node.checkpoint = epoch.checkpoint;
    node.recordedBy = epoch.attempt;
    node.credited ||= epoch.recordedAt < since;
  }
  for (const { key, part, result } of facts.evaluations) {
    const node = forest.get(key);
    if (node !== undefined) addEvaluation(node, part, result);
  }
}
