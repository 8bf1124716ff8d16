import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { groupOf, groupPattern } from '../../../cli/data/groups.js';
import { splitDataset, type Split, type Splittable } from '../../../cli/data/split.js';
import type { SplitSpec } from '../../../coordinator/sweep/spec.js';
import type { Part } from '../../../proto/work.js';

interface File extends Splittable {
  readonly name: string;
}

const PATTERN = '(p\\d+)_';
const CLASSES = ['a', 'b', 'c'];
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const spec = (change: Partial<SplitSpec> = {}): SplitSpec => ({ val: 0.15, test: 0.15, merge: false, seed: 0, ...change });

function file(content: string, label: number, name = content, part: Part | null = null): File {
  return { name: `${CLASSES[label]}/${name}`, digest: sha256(content), label, part };
}

const many = (count: number, label: number, part: Part | null = null): File[] => Array.from({ length: count }, (_, index) => file(`${label}-${part}-${index}`, label, undefined, part));

function counts(split: Split<File>): { [part in Part]: number[] } {
  const result = { train: [0, 0, 0], val: [0, 0, 0], test: [0, 0, 0] };
  for (const { file: one, part } of split.files) result[part][one.label] = (result[part][one.label] ?? 0) + 1;
  return result;
}

/** Digest to part; a digest in two parts fails. */
function partOfDigest(split: Split<File>): Map<string, Part> {
  const parts = new Map<string, Part>();
  for (const { file: one, part } of split.files) {
    assert.equal(parts.get(one.digest) ?? part, part, `copies of ${one.name} straddle`);
    parts.set(one.digest, part);
  }
  return parts;
}

/** A data set whose patients have some images each; some images stand alone, and some are copies. */
const dataset = fc
  .array(fc.record({ label: fc.integer({ min: 0, max: 1 }), images: fc.integer({ min: 1, max: 5 }), named: fc.boolean(), copied: fc.boolean() }), { minLength: 30, maxLength: 90 })
  .map((patients) =>
    patients.flatMap(({ label, images, named, copied }, patient) =>
      Array.from({ length: images }, (_, image) => file(copied && image === 1 ? `${patient}-0` : `${patient}-${image}`, label, named ? `p${patient}_${image}` : `x${patient}-${image}`)),
    ),
  )
  .filter((files) => [0, 1].every((label) => new Set(files.filter((one) => one.label === label).map((one) => one.name.split('_')[0])).size >= 12));

const cut = (files: readonly File[], change: Partial<SplitSpec> = {}): Split<File> => splitDataset(files, ['a', 'b'], [], spec(change), PATTERN, 0);

test('every file is in one part, no group and no copies straddle, and every class is everywhere', () => {
  fc.assert(
    fc.property(dataset, fc.integer({ min: 0, max: 5 }), (files, seed) => {
      const split = cut(files, { seed });
      assert.equal(split.files.length, files.length);
      assert.deepEqual(new Set(split.files.map(({ file: one }) => one)), new Set(files));
      partOfDigest(split);
      const groups = new Map<string, Part>();
      for (const { file: one, part } of split.files) {
        const group = groupOf(one.name, groupPattern(PATTERN));
        if (group === null) continue;
        assert.equal(groups.get(group) ?? part, part, `group ${group} straddles`);
        groups.set(group, part);
      }
      for (const [part, perClass] of Object.entries(counts(split))) {
        for (const label of [0, 1]) assert.ok((perClass[label] ?? 0) > 0, `class ${label} is missing in ${part}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('the share of each class in each part is right to within one group', () => {
  fc.assert(
    fc.property(dataset, fc.constantFrom(0.1, 0.15, 0.2, 0.3), fc.constantFrom(0.1, 0.2), (files, val, share) => {
      const result = counts(cut(files, { val, test: share }));
      for (const label of [0, 1]) {
        const total = files.filter((one) => one.label === label).length;
        for (const [part, fraction] of [['val', val], ['test', share]] as const) {
          const found = result[part][label] ?? 0;
          assert.ok(Math.abs(found - fraction * total) <= 5, `${part} has ${found} of ${total} of class ${label}, expected ${fraction * total}`);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('neither the order of the files nor their names move an image', () => {
  const shuffled = dataset.chain((files) => fc.tuple(fc.constant(files), fc.shuffledSubarray(files, { minLength: files.length })));
  fc.assert(
    fc.property(shuffled, ([files, others]) => {
      const renamed = others.map((one) => ({ ...one, name: one.name.replace(/^.\//, 'other/').replace('p', 'prefix-p') }));
      assert.deepEqual(partOfDigest(cut(renamed)), new Map(partOfDigest(cut(others))));
      assert.deepEqual([...partOfDigest(cut(others))].sort(), [...partOfDigest(cut(files))].sort());
    }),
    { numRuns: 40 },
  );
});

test('another seed cuts otherwise, and the share of val never moves test', () => {
  const files = [...many(100, 0), ...many(60, 1)];
  const first = cut(files);
  assert.notDeepEqual(cut(files, { seed: 1 }).files, first.files);
  const inTest = (split: Split<File>): string[] => split.files.filter(({ part }) => part === 'test').map(({ file: one }) => one.name);
  assert.deepEqual(inTest(cut(files, { val: 0.3 })), inTest(first));
});

test('more images of one class do not move another', () => {
  const files = [...many(100, 0), ...many(60, 1)];
  const ofFirst = (split: Split<File>): [string, Part][] => split.files.filter(({ file: one }) => one.label === 0).map(({ file: one, part }) => [one.digest, part]);
  assert.deepEqual(ofFirst(cut([...files, ...many(90, 1, 'val').map((one) => ({ ...one, part: null }))])), ofFirst(cut(files)));
});

test('images without groups are cut to the nearest whole number', () => {
  assert.deepEqual(counts(splitDataset([...many(1000, 0), ...many(333, 1)], ['a', 'b'], [], null, null, 0)), {
    // By hand: 0.15 * 1000 = 150 and 0.15 * 333 = 49.95.
    train: [700, 233, 0],
    val: [150, 50, 0],
    test: [150, 50, 0],
  });
});

test('three images of a class are one for each part, two are an error that names class and part', () => {
  assert.deepEqual(counts(cut([...many(3, 0), ...many(40, 1)])).val, [1, 6, 0]);
  assert.deepEqual(counts(cut([...many(3, 0), ...many(40, 1)])).train[0], 1);
  assert.throws(() => cut([...many(2, 0), ...many(40, 1)]), { code: 'TooFewGroups', message: /class a with 2 images in 2 groups left for the part test.*too few for 3 parts/ });
  const patients = Array.from({ length: 20 }, (_, index) => file(`x${index}`, 0, `p${index % 2}_${index}`));
  assert.throws(() => cut([...patients, ...many(40, 1)]), { code: 'TooFewGroups', message: /class a with 20 images in 2 groups/ });
});

test('a patient with images of two classes stays on one side', () => {
  const files = Array.from({ length: 60 }, (_, index) => [file(`${index}-a`, 0, `p${index}_a`), file(`${index}-b`, 1, `p${index}_b`)]).flat();
  const split = cut(files);
  assert.deepEqual(counts(split), { train: [42, 42, 0], val: [9, 9, 0], test: [9, 9, 0] });
  const sides = new Map<string, Set<Part>>();
  for (const { file: one, part } of split.files) {
    const patient = groupOf(one.name, groupPattern(PATTERN)) ?? '';
    sides.set(patient, (sides.get(patient) ?? new Set()).add(part));
  }
  assert.ok([...sides.values()].every((parts) => parts.size === 1));
});

test('files that do not match groupBy stand alone and are counted in a warning', () => {
  const files = [...many(40, 0), ...many(40, 1), ...Array.from({ length: 10 }, (_, index) => file(`g${index}`, 0, `p${index}_0`))];
  assert.deepEqual(cut(files).warnings, [`groupBy '${PATTERN}' does not match 80 of 90 file names: those stand alone`]);
  assert.match(splitDataset(many(80, 0).concat(many(9, 1)), ['a', 'b'], [], null, PATTERN, 0).warnings.join(), /matches none of 89 file names/);
  assert.throws(() => splitDataset(files, ['a', 'b'], [], null, '(', 0), { code: 'BadGroupBy', message: /data\.groupBy: found \(, expected a regular expression/ });
});

test('the group is the first capture in the base name alone', () => {
  assert.equal(groupOf('p1_/IM-0117-0001.jpeg', groupPattern('(person\\d+|IM-\\d+)')), 'IM-0117');
  assert.equal(groupOf('p1_/x.png', groupPattern('(p\\d+)_')), null);
  assert.equal(groupOf('a/p12_3.png', groupPattern('p\\d+')), 'p12');
});

test('the same image under two labels is warned of and stays on one side', () => {
  const files = [...many(40, 0), ...many(40, 1), file('same', 0, 'one'), file('same', 1, 'two')];
  const split = cut(files);
  partOfDigest(split);
  assert.match(split.warnings.join('\n'), /1 image lies in more than one class/);
});

const given = (parts: readonly Part[]): File[] => parts.flatMap((part) => [...many(20, 0, part), ...many(20, 1, part)]);
const splitGiven = (parts: readonly Part[], change: SplitSpec | null): Split<File> => splitDataset(given(parts), ['a', 'b'], parts, change, null, 0);

test('given parts are kept as they are where no split is asked for', () => {
  assert.deepEqual(counts(splitGiven(['train', 'val', 'test'], null)), { train: [20, 20, 0], val: [20, 20, 0], test: [20, 20, 0] });
  assert.deepEqual(counts(splitGiven(['train', 'val', 'test'], spec({ val: 'given', test: 'given' }))).val, [20, 20, 0]);
});

test('a part that is not given is cut from train', () => {
  const withTest = splitGiven(['train', 'test'], null);
  assert.deepEqual(counts(withTest), { train: [17, 17, 0], val: [3, 3, 0], test: [20, 20, 0] });
  assert.match(withTest.warnings.join(), /no folder for val: 15 % of train/);
  assert.deepEqual(counts(splitGiven(['train', 'test'], spec({ val: 0.1, test: 'given' }))), { train: [18, 18, 0], val: [2, 2, 0], test: [20, 20, 0] });
  assert.deepEqual(counts(splitGiven(['train'], null)), { train: [14, 14, 0], val: [3, 3, 0], test: [3, 3, 0] });
  const withVal = splitGiven(['train', 'val'], null);
  assert.deepEqual(counts(withVal), { train: [20, 20, 0], val: [20, 20, 0], test: [0, 0, 0] });
  assert.match(withVal.warnings.join(), /no test part/);
});

test('given: merge pools what came split', () => {
  assert.deepEqual(counts(splitGiven(['train', 'val', 'test'], spec({ merge: true }))), { train: [42, 42, 0], val: [9, 9, 0], test: [9, 9, 0] });
  assert.deepEqual(counts(splitGiven(['train', 'val', 'test'], spec({ merge: true, val: null, test: null }))).val, [9, 9, 0]);
});

test('wishes that contradict the folders say what to write instead', () => {
  assert.throws(() => splitGiven(['train', 'val', 'test'], spec()), { code: 'GivenWithoutMerge', message: /data\.split\.test: found 0\.15.*"given: merge"/ });
  assert.throws(() => splitGiven(['train'], spec({ test: 'given' })), { code: 'PartNotGiven', message: /data\.split\.test: found given, but in the data folders for train, expected .*; give a fraction/ });
  assert.throws(() => splitGiven([], spec({ val: 'given' })), { code: 'PartNotGiven', message: /no folder for any part/ });
  assert.throws(() => splitGiven(['val', 'test'], null), { code: 'NoTrainPart', message: /folders for val, test, but none for train/ });
  assert.throws(() => splitGiven(['train', 'test'], spec({ val: null, test: 'given' })), { code: 'NoValidationPart' });
  assert.throws(() => splitGiven([], spec({ val: 0.6, test: 0.5 })), { code: 'BadFractions', message: /test 0\.5, val 0\.6/ });
});

test('copies and groups across given parts are warned of', () => {
  const files = [...given(['train', 'val', 'test']), file('same', 0, 'p1_0', 'train'), file('same', 0, 'p1_1', 'val'), file('other', 0, 'p1_2', 'test')];
  const { warnings } = splitDataset(files, ['a', 'b'], ['train', 'val', 'test'], null, PATTERN, 0);
  assert.match(warnings.join('\n'), /1 image lies in more than one part[^]*1 group straddles the given parts/);
});
