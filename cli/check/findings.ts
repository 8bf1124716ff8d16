/** What in a folder's check a person should act on, worst first, in plain words. Pure. */
import { DEFAULT_MAX_REJECTED } from '../../coordinator/sweep/compose.js';
import { count, some } from '../data/problem.js';
import type { FolderCheck } from './check-folder.js';
import type { Copies } from './duplicates.js';
import type { Feature, Shortcut } from './shortcuts.js';

/** `problem`: results would be wrong. `warning`: they may be. `note`: good to know. */
export type Severity = 'problem' | 'warning' | 'note';

export interface Finding {
  readonly severity: Severity;
  readonly kind: 'leak' | 'contradiction' | 'shortcut' | 'unreadable' | 'duplicates' | 'groups' | 'balance' | 'layout';
  readonly message: string;
}

const ORDER: readonly Severity[] = ['problem', 'warning', 'note'];
const STRONG = 0.85;
const WEAK = 0.65;
const FEW_IMAGES = 50;
const UNEVEN = 3;
const CHANCE = 0.01;

export function findingsOf(check: FolderCheck): Finding[] {
  const found = [...copyFindings(check), ...groupFindings(check), ...check.shortcuts.flatMap(shortcutFinding), ...pureChannelFindings(check), ...unreadableFinding(check), ...balanceFindings(check), ...layoutFindings(check)];
  return found.sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

function copyFindings({ duplicates }: FolderCheck): Finding[] {
  return [...copiesFindings(duplicates.exact, 'image', 'exact copies'), ...copiesFindings(duplicates.near, 'pair', 'nearly the same pictures')];
}

function copiesFindings(copies: readonly Copies[], unit: string, what: string): Finding[] {
  const findings: Finding[] = [];
  const examples = (of: readonly Copies[]): string => some(of.map(({ files }) => files.join(' = ')), 3);
  const say = (severity: Severity, kind: Finding['kind'], of: readonly Copies[], where: string, remedy: string): void => {
    if (of.length > 0) findings.push({ severity, kind, message: `${what} ${where}: ${count(of.length, unit)} (${examples(of)}); ${remedy}` });
  };
  say('problem', 'leak', copies.filter((copy) => copy.acrossParts), 'in more than one part', what === 'exact copies' ? 'what is trained on is tested on: write "dedupe: true" into the sweep file, which leaves them out of training, or pool the parts with "given: merge" and fractions, which keeps exact copies together' : 'what is trained on is tested on: take them out of one part, or pool the parts with "given: merge" and fractions, which keeps exact copies together');
  say('problem', 'contradiction', copies.filter((copy) => copy.acrossClasses), 'in more than one class', 'one of the labels is wrong: keep the right one');
  say('note', 'duplicates', copies.filter((copy) => !copy.acrossParts && !copy.acrossClasses), 'within a class', what === 'exact copies' ? 'a split keeps them on one side' : 'a split may part them: put them into one group with groupBy, or remove one');
  return findings;
}

function groupFindings({ groups, parts, images, arrays }: FolderCheck): Finding[] {
  if (arrays) return parts === null ? [{ severity: 'note', kind: 'groups', message: 'arrays do not say whom an image shows: if several images show one patient, bring train, val and test as arrays of their own, with each patient in one of them' }] : [];
  if (groups === null) return [{ severity: 'note', kind: 'groups', message: 'no pattern of patients was found in the file names; if several images show one patient, name it with --group-by, and in the sweep file with data.groupBy' }];
  const how = groups.pattern === null ? `the column ${groups.column ?? ''}` : `'${groups.pattern}'${groups.guessed ? ' (guessed from the names)' : ''}`;
  if (parts !== null && groups.acrossParts > 0) {
    return [{ severity: 'problem', kind: 'leak', message: `${count(groups.acrossParts, 'patient')} of ${groups.groups} by ${how} on more than one side of the given parts: pool them with "given: merge", fractions and groupBy` }];
  }
  if (groups.matched === 0) return [{ severity: 'warning', kind: 'groups', message: `${how} matches none of ${count(images, 'file name')}: its first capture, or all that it matches, must be what tells patients apart` }];
  const rest = images - groups.matched;
  const unmatched = rest > 0 ? `; ${count(rest, 'file')} that it does not match ${rest === 1 ? 'stands' : 'stand'} alone` : '';
  return [{ severity: 'note', kind: 'groups', message: `${count(groups.groups, 'patient')} in ${count(groups.matched, 'image')} by ${how}: write groupBy into the sweep file, so that a split by file does not put one patient on both sides${unmatched}` }];
}

const NAMES: { readonly [feature in Feature]: string } = {
  bytes: 'the file size',
  height: 'the height',
  width: 'the width',
  aspect: 'the aspect ratio (width over height)',
  channels: 'the number of channels',
};

/** What the settings of a sweep do about it. */
const REMEDIES: { readonly [feature in Feature]: string } = {
  bytes: 'bytes never reach the network, and resize takes the size in pixels away; sharpness, noise and compression, which go with bytes too, stay: prefer small image sizes, and test on images from elsewhere',
  height: 'resize brings every image to one height; how much it is enlarged or reduced stays visible as blur: prefer image sizes below the smallest originals',
  width: 'resize brings every image to one width; how much it is enlarged or reduced stays visible as blur: prefer image sizes below the smallest originals',
  aspect: 'resize: pad shows it as black borders, stretch as distortion; resize: crop takes it away, and the margins with it',
  channels: 'channels: gray (the default) takes it away; channels: rgb would let it through',
};

function shortcutFinding({ feature, auc, className, direction }: Shortcut): Finding[] {
  if (auc < WEAK) return [];
  const what = feature === 'channels' && direction === 'larger' ? 'more' : direction;
  const severity = feature === 'channels' ? (auc >= STRONG ? 'warning' : 'note') : auc >= STRONG ? 'problem' : 'warning';
  return [{ severity, kind: 'shortcut', message: `a model could cheat: ${NAMES[feature]} alone predicts the class with AUC ${auc.toFixed(2)} (${what} for ${className}); ${REMEDIES[feature]}` }];
}

/** A number of channels that one class alone has: an AUC near 0.5 hides it where most files have the common number. */
function pureChannelFindings({ channelsByClass, classes, images }: FolderCheck): Finding[] {
  if (Object.keys(channelsByClass).length < 2) return [];
  return Object.entries(channelsByClass).flatMap(([channels, byClass]): Finding[] => {
    const [only, ...others] = Object.entries(byClass);
    if (only === undefined || others.length > 0) return [];
    const [name, files] = only;
    const ofClass = classes[name] ?? 0;
    // That files drawn at random all were of this class.
    if ((ofClass / images) ** files > CHANCE) return [];
    return [{ severity: 'warning', kind: 'shortcut', message: `a model could cheat: ${files === 1 ? '1 file has' : `all ${files} files with`} ${count(Number(channels), 'channel')} ${files === 1 ? 'and is' : 'are'} ${name} (${files} of its ${ofClass}), none of another class; ${REMEDIES.channels}` }];
  });
}

function unreadableFinding({ unreadable, images }: FolderCheck): Finding[] {
  if (unreadable.length === 0) return [];
  const reasons = some(unreadable.map(({ file, why }) => `${file} (${why})`), 5);
  const isTooMany = unreadable.length > DEFAULT_MAX_REJECTED * (unreadable.length + images);
  const refused = isTooMany ? `, for a sweep refuses data with more than ${100 * DEFAULT_MAX_REJECTED} % of them (trawl init writes a sweep file that allows for them with maxRejected)` : '';
  return [{ severity: isTooMany ? 'problem' : 'warning', kind: 'unreadable', message: `${count(unreadable.length, 'file')} cannot be read and would be left out: ${reasons}; mend or remove them${refused}` }];
}

function balanceFindings({ classes }: FolderCheck): Finding[] {
  const entries = Object.entries(classes);
  const few = entries.filter(([, images]) => images < FEW_IMAGES);
  const least = entries.reduce((a, b) => (b[1] < a[1] ? b : a));
  const most = entries.reduce((a, b) => (b[1] > a[1] ? b : a));
  const findings: Finding[] = [];
  if (few.length > 0) findings.push({ severity: 'warning', kind: 'balance', message: `few images: ${few.map(([name, images]) => `${name} ${images}`).join(', ')}; metrics of a class with fewer than ${FEW_IMAGES} are rough` });
  if (most[1] >= UNEVEN * least[1]) findings.push({ severity: 'note', kind: 'balance', message: `${most[0]} has ${(most[1] / least[1]).toFixed(1)} times the images of ${least[0]}: judge by AUC and recall rather than accuracy, and try classWeights: balanced` });
  return findings;
}

function layoutFindings({ notes }: FolderCheck): Finding[] {
  return notes.map((message) => ({ severity: 'warning', kind: 'layout', message }));
}
