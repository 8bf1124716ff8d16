/** What of `trawl data check` is said without it, from what init has read already. Pure. */
import { exactCopies } from '../check/duplicates.js';
import { findShortcuts, isStrong, mayBeChance } from '../check/shortcuts.js';
import type { Scan, ScannedFile } from '../data/scan.js';
import type { ImageFacts } from '../../worker/data/survey.js';
import { count } from '../text/format.js';

/** Images that lie in more than one given part. */
export function leakedImages({ files }: Pick<Scan, 'files'>): number {
  return exactCopies(files).filter(({ acrossParts }) => acrossParts).length;
}

/** A line each for facts that tell classes of a sample of the files apart, and for copies; `check` is the command that says more. */
export function hazardLines(scan: Pick<Scan, 'files' | 'classes'>, sample: readonly (ScannedFile & ImageFacts)[], check: string): string[] {
  const strong = findShortcuts(sample, scan.classes).filter((shortcut) => {
    const ofClass = sample.filter(({ label }) => scan.classes[label] === shortcut.className).length;
    return isStrong(shortcut) && !mayBeChance(shortcut, ofClass, sample.length - ofClass);
  });
  const facts = strong.map(({ feature, auc, className, direction }) => `${feature} (AUC ${auc.toFixed(2)}, ${direction} for ${className})`);
  const leaked = leakedImages(scan);
  return [
    ...(facts.length === 0 ? [] : [`warning: a model could cheat, for what the files are like tells their class: ${facts.join(', ')}; what to do: ${check}`]),
    ...(leaked === 0 ? [] : [`warning: ${count(leaked, 'image')} ${leaked === 1 ? 'lies' : 'lie'} in more than one part, so that what is trained on is tested on; what to do: ${check}`]),
  ];
}
