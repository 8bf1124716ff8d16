/** Which of two classes a person asks about: the one that is to be found. Pure. */

export interface PositiveGuess {
  readonly className: string;
  /** How it was guessed, to be said after "because". */
  readonly why: string;
}

const ABSENT = /(?:^|[^a-z])(?:normal|negative|neg|healthy|benign|control|controls|clean|clear|good|ok|no|non|none|not|without|absent|background|uninfected|unaffected)(?:$|[^a-z])/i;
const PRESENT = /(?:^|[^a-z])(?:abnormal|positive|pos|pneumonia|cancer|malignant|tumou?r|disease|diseased|sick|infected|lesion|melanoma|covid|tuberculosis|tb|fracture|defect|defective|bad|anomaly|present|yes)(?:$|[^a-z])/i;

/** `counts` are images per class, in the order of the two `classes`. */
export function guessPositive(classes: readonly [string, string], counts: readonly [number, number]): PositiveGuess {
  const [first, second] = classes;
  const one = (test: (name: string) => boolean): string | null => (test(first) === test(second) ? null : test(first) ? first : second);
  const absent = one((name) => ABSENT.test(name));
  if (absent !== null) return { className: absent === first ? second : first, why: `${absent} reads like the absence of it` };
  const present = one((name) => PRESENT.test(name));
  if (present !== null) return { className: present, why: 'its name reads like the finding' };
  if (counts[0] !== counts[1]) return { className: counts[0] < counts[1] ? first : second, why: 'it is the rarer class' };
  return { className: second, why: 'it is the second in order; the names and counts say nothing' };
}
