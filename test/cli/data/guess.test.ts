import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessGroups } from '../../../cli/data/guess-groups.js';
import { guessPositive } from '../../../cli/data/guess-positive.js';

test('a subject word before a number becomes the group, as it is written in the names', () => {
  const guess = guessGroups(['A/person1_virus_1.jpeg', 'A/person1_virus_2.jpeg', 'A/person2_bacteria_3.jpeg', 'B/IM-0001-0001.jpeg', 'B/IM-0001-0002.jpeg', 'B/NORMAL2-IM-0002-0001.jpeg']);
  assert.deepEqual(guess, { pattern: '(person\\d+|IM-\\d+)', groups: 4, matched: 6, files: 6 });
});

test('words with other separators and cases are found too', () => {
  for (const [name, pattern] of [['patient_12', '(patient_\\d+)'], ['Patient 12', '(Patient \\d+)'], ['sub-07', '(sub-\\d+)'], ['SUBJ07', '(SUBJ\\d+)'], ['case-id-3', '(case-id-\\d+)']] as const) {
    assert.equal(guessGroups([`a/${name}_1.png`, `a/${name}_2.png`, `b/${name}9_1.png`, 'b/other.png'])?.pattern, pattern, name);
  }
});

test('a leading id before a second one is a group', () => {
  assert.equal(guessGroups(['a/327d82ca_add529f3.jpeg', 'a/327d82ca_2e0bdd1e.jpeg', 'b/6b53918c_865336ed.jpeg'])?.pattern, '(^[0-9A-Fa-f]{3,}(?=[-_]))');
});

test('nothing is guessed where each file would stand alone, or one group would hold most of them', () => {
  assert.equal(guessGroups(['a/train_0001.png', 'a/train_0002.png', 'b/train_0003.png']), null);
  assert.equal(guessGroups(['a/person1_1.png', 'a/person2_1.png', 'b/person3_1.png']), null);
  assert.equal(guessGroups(Array.from({ length: 20 }, (_, index) => `a/case1_${index}.png`).concat('b/case2_1.png')), null);
});

test('the positive class is what a person would look for, and it is said why', () => {
  const cases: [readonly [string, string], readonly [number, number], string, RegExp][] = [
    [['NORMAL', 'PNEUMONIA'], [5, 9], 'PNEUMONIA', /NORMAL reads like the absence/],
    [['Tumor', 'healthy'], [9, 5], 'Tumor', /healthy reads/],
    [['abnormal', 'normal'], [1, 1], 'abnormal', /normal reads/],
    [['no_finding', 'finding'], [1, 1], 'finding', /no_finding reads/],
    [['benign', 'malignant'], [1, 1], 'malignant', /benign reads/],
    [['tumor', 'no tumor'], [1, 1], 'tumor', /no tumor reads/],
    [['cats', 'cancer'], [1, 9], 'cancer', /its name/],
    [['cats', 'dogs'], [3, 9], 'cats', /rarer/],
    [['cats', 'dogs'], [3, 3], 'dogs', /second in order/],
  ];
  for (const [classes, counts, className, why] of cases) {
    const guess = guessPositive(classes, counts);
    assert.equal(guess.className, className, classes.join());
    assert.match(guess.why, why);
  }
});
