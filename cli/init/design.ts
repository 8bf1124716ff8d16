/**
 * From what a folder of images holds to a sweep file fit for it: a few image sizes, rates and dropouts
 * of the default model, so small that several trials end within the budget. Pure.
 */
import { stringify } from 'yaml';
import { DEFAULT_MAX_REJECTED } from '../../coordinator/sweep/compose.js';
import type { GroupGuess } from '../data/guess-groups.js';
import type { PositiveGuess } from '../data/guess-positive.js';
import { oneLine } from '../../proto/one-line.js';
import type { Part } from '../../proto/work.js';

export interface FolderFacts {
  /** As the sweep file is to name it. */
  readonly path: string;
  readonly name: string;
  readonly classes: readonly string[];
  /** Images per class, in their order. */
  readonly counts: readonly number[];
  /** Files beside the images that cannot be read as such. */
  readonly rejected: number;
  readonly given: readonly Part[];
  /** Images that lie in more than one of them. */
  readonly leaked: number;
  /** Whether images and labels are arrays rather than files. */
  readonly arrays: boolean;
  /** Median of the images' shorter side, in pixels. */
  readonly side: number;
  /** Share of colour images, and whether that differs between classes. */
  readonly colour: { readonly share: number; readonly tellsClasses: boolean };
  readonly groups: GroupGuess | null;
  /** Null where there are more than two classes. */
  readonly positive: PositiveGuess | null;
}

/** Stands in the first line of what is written, so that it is known again. */
export const MARK = 'Written by trawl for';
export const BUDGET_MINUTES = 10;
const EPOCHS = 12;
const PATIENCE = 4;
const SIZES = [28, 48, 64, 100];
/** garth-cnn trains on so many pixels a second on one slow core; only the choice of sizes hangs on it. */
const PIXELS_PER_SECOND = 2_000_000;
/** A trial of the largest size should take no more than this share of the budget. */
const LARGEST_SHARE = 1 / 8;

/** Image sizes that the pictures have and the budget allows: up to three, at least one. */
export function imageSizes(side: number, images: number): number[] {
  const affordable = (size: number): boolean => (images * EPOCHS * size * size) / PIXELS_PER_SECOND <= BUDGET_MINUTES * 60 * LARGEST_SHARE;
  const natural = side > 0 && side < Math.min(...SIZES) ? [side] : SIZES.filter((size) => size <= Math.max(side, 4));
  const chosen = natural.filter(affordable);
  return chosen.length === 0 ? natural.slice(0, 1) : chosen.slice(-3);
}

/** The sweep file, with a comment on every choice. */
export function sweepFileText(facts: FolderFacts): string {
  const images = facts.counts.reduce((sum, count) => sum + count, 0);
  const sizes = imageSizes(facts.side, images);
  const lines = [
    `# ${MARK} ${oneLine(facts.path, Infinity)}: edit it freely, then run it again.`,
    `# ${images} images of ${facts.classes.length} classes: ${facts.classes.map((name, label) => `${oneLine(name, Infinity)} ${facts.counts[label] ?? 0}`).join(', ')}.`,
    `name: ${scalar(facts.name)}`,
    'data:',
    `  path: ${scalar(facts.path)}`,
    ...classLines(facts),
    ...splitLines(facts),
    ...(facts.arrays ? [] : groupLines(facts.groups)),
    ...positiveLines(facts.positive),
    ...channelLines(facts.colour),
    ...rejectedLines(facts.rejected, images),
    '  resize: stretch        # or pad (letter-box), crop (the centre)',
    'model: garth-cnn',
    'space:                   # every combination is one trial',
    `  imageSize: [${sizes.join(', ')}]${' '.repeat(Math.max(1, 12 - sizes.join(', ').length))}# the images' shorter side has a median of ${facts.side} pixels`,
    '  lr: [0.003, {cosine: {initial: 0.01, epochs: 12}}]',
    '  dropout: [0.3, 0.5]',
    ...(sizes.length < 3 ? ['  fcWidth: [50, 100]'] : []),
    '  batch: 30',
    `  epochs: ${EPOCHS}`,
    ...weightLines(facts.counts),
    'sampler: {grid: {order: shuffled}}   # so that what the budget cuts off is a fair share',
    ...objectiveLines(facts.positive),
    `stop: {monitor: val.loss, patience: ${PATIENCE}, restoreBest: true}`,
    `budget: {wallClock: ${BUDGET_MINUTES}m}   # open trials are cancelled then; the sweep ends with what it has`,
    'seed: 0',
  ];
  return `${lines.join('\n')}\n`;
}

/** Arrays count their classes; a person knows what they are called. */
function classLines({ arrays, classes }: FolderFacts): string[] {
  return arrays ? [`  # classes: [${classes.map((_, label) => String.fromCharCode(97 + (label % 26))).slice(0, 3).join(', ')}${classes.length > 3 ? ', ...' : ''}]   # names of the labels 0, 1, ... in that order; "positive" then takes one of them`] : [];
}

function splitLines({ given, arrays, leaked }: FolderFacts): string[] {
  if (given.length === 0) return ['  split: {val: 0.15, test: 0.15}   # of each class; the rest is trained on'];
  const cut = given.includes('val') ? '' : '; 15 % of train are taken for val';
  return [`  # Split as it came, with ${arrays ? 'arrays' : 'folders'} for ${given.join(', ')}${cut}. "given: merge" would pool and cut anew.`, ...(leaked === 0 ? [] : [`  # dedupe: true   # ${leaked} of the images lie in more than one part: leaves them out of train`])];
}

function groupLines(groups: GroupGuess | null): string[] {
  if (groups === null) return ["  # groupBy: '(patient\\d+)'   # no pattern was found in the file names; give one if several images show one patient"];
  return [`  groupBy: '${groups.pattern.replaceAll("'", "''")}'   # guessed: ${groups.groups} groups in ${groups.matched} of ${groups.files} files; a group stays in one part`];
}

function positiveLines(positive: PositiveGuess | null): string[] {
  return positive === null ? [] : [`  positive: ${scalar(positive.className)}   # guessed, because ${oneLine(positive.why, Infinity)}`];
}

function channelLines({ share, tellsClasses }: FolderFacts['colour']): string[] {
  if (share === 0) return ['  channels: gray         # all images are'];
  if (tellsClasses) return ['  channels: gray         # some classes have more colour files than others: rgb could let a model cheat'];
  return share < 0.9 ? ['  channels: gray         # gray and colour files are mixed'] : ['  channels: rgb'];
}

/** Null where the default is enough; else a share of unreadable files just above what there is, in hundredths. */
export function fittingMaxRejected(rejected: number, images: number): number | null {
  const share = rejected / (rejected + images);
  return share <= DEFAULT_MAX_REJECTED ? null : Math.min(1, (Math.floor(100 * share) + 1) / 100);
}

function rejectedLines(rejected: number, images: number): string[] {
  const fitting = fittingMaxRejected(rejected, images);
  return fitting === null ? [] : [`  maxRejected: ${fitting}      # ${rejected} of ${rejected + images} files cannot be read (trawl data check names them): mend or remove them, then take this line out`];
}

function weightLines(counts: readonly number[]): string[] {
  const uneven = Math.max(...counts) >= 1.5 * Math.min(...counts);
  return uneven ? ['  classWeights: balanced # the classes differ in size'] : [];
}

function objectiveLines(positive: PositiveGuess | null): string[] {
  const floors = positive === null ? '' : `   # add e.g. floors: {'val.recall[${oneLine(positive.className, Infinity)}]': 0.95}`;
  return [`objective: {maximize: val.auc}${floors}`];
}

/** A value as YAML, on one line. */
function scalar(value: string): string {
  return stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN', blockQuote: false }).trimEnd();
}
