/**
 * Which stages of the tree are open, and where their lists begin, as the URL has it: `ab12…~cd34….100~.200`
 * are two open stages, the second from its 101st on, and the first stages from the 201st on. Pure.
 */

/** By the beginning of a stage's key; '' for the first stages. */
export type OpenStages = ReadonlyMap<string, number>;

/** Digits of a key that tell stages apart. */
const DIGITS = 12;
/** Each is a request of its own. */
const MOST = 40;

export function shortKey(key: string): string {
  return key.slice(0, DIGITS);
}

/** What means nothing is left out. */
export function openIn(written: string | null): OpenStages {
  const open = new Map<string, number>();
  for (const part of (written ?? '').split('~')) {
    const [, key, offset = '0'] = /^([0-9a-f]{12}|)(?:\.(\d{1,9}))?$/.exec(part) ?? [];
    if (key !== undefined && part !== '' && open.size < MOST) open.set(key, Number(offset));
  }
  return open;
}

export function openText(open: OpenStages): string {
  return [...open].filter(([key, offset]) => key !== '' || offset > 0).map(([key, offset]) => (offset === 0 ? key : `${key}.${offset}`)).join('~');
}

/** Where there are too many, the ones that were opened first are closed, and none of those that it stands in. `above`: their keys. */
export function opened(open: OpenStages, key: string, { offset = 0, above }: { readonly offset?: number; readonly above: readonly string[] }): OpenStages {
  const kin = new Set([...above, key]);
  const others = [...open].filter(([each]) => !kin.has(each));
  const own = [...kin].map((each): [string, number] => [each, each === key ? offset : (open.get(each) ?? 0)]);
  return new Map([...others.slice(Math.max(0, others.length + own.length - MOST)), ...own]);
}

export function closed(open: OpenStages, key: string): OpenStages {
  return new Map([...open].filter(([each]) => each !== key));
}
