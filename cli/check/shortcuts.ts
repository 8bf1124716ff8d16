/**
 * How well facts about a file that have nothing to do with what it shows predict its class: a model
 * could cheat with what goes with them. Each fact alone, by the area under its ROC curve. Pure.
 */
import { rocAuc } from '../../proto/roc-auc.js';
import type { MeasuredFile } from './measure.js';

export type Feature = 'bytes' | 'height' | 'width' | 'aspect' | 'channels';

export interface Shortcut {
  readonly feature: Feature;
  /** 0.5 tells nothing, 1 everything; whichever direction is better. With more than two classes, of the class that is told best. */
  readonly auc: number;
  /** The class that is told by it. */
  readonly className: string;
  /** Whether its files have more of it. */
  readonly direction: 'larger' | 'smaller';
}

/** What of a file they are found from. */
type Facts = Pick<MeasuredFile, 'label' | 'bytes' | 'height' | 'width' | 'channels'>;

const STRONG = 0.85;
/** Standard deviations that chance exceeds in fewer than 1 of 100 sets, to either side. */
const FAR = 2.576;

const FEATURES: { readonly [feature in Feature]: (file: Facts) => number } = {
  bytes: (file) => file.bytes,
  height: (file) => file.height,
  width: (file) => file.width,
  aspect: (file) => file.width / file.height,
  channels: (file) => file.channels,
};

/** Best predictor first; none where fewer than two classes have files. */
export function findShortcuts(files: readonly Facts[], classes: readonly string[]): Shortcut[] {
  const found = new Set(files.map((file) => file.label));
  if (found.size < 2) return [];
  // Of two classes the curves are mirror images: the second is named.
  const labels = [...classes.keys()].filter((label) => found.has(label)).slice(found.size === 2 ? 1 : 0);
  return (Object.keys(FEATURES) as Feature[]).map((feature) => bestOf(feature, files, classes, labels)).sort((a, b) => b.auc - a.auc);
}

function bestOf(feature: Feature, files: readonly Facts[], classes: readonly string[], labels: readonly number[]): Shortcut {
  const scores = new Float32Array(2 * files.length);
  for (const [index, file] of files.entries()) scores[2 * index + 1] = FEATURES[feature](file);
  const found = labels.map((label): Shortcut => {
    const auc = rocAuc(scores, Uint8Array.from(files, (file) => (file.label === label ? 1 : 0)), 2);
    return { feature, auc: Math.max(auc, 1 - auc), className: classes[label] ?? '', direction: auc >= 0.5 ? 'larger' : 'smaller' };
  });
  return found.reduce((best, other) => (other.auc > best.auc ? other : best));
}

export function isStrong({ auc }: Shortcut): boolean {
  return auc >= STRONG;
}

/**
 * Whether chance gives such an AUC to something that tells nothing, of so many images of the class and of others, in
 * more than 1 of 100 sets (Mann and Whitney 1947): a few images are told apart by anything.
 */
export function mayBeChance({ auc }: Shortcut, ofClass: number, others: number): boolean {
  return auc - 0.5 < FAR * Math.sqrt((ofClass + others + 1) / (12 * ofClass * others));
}
