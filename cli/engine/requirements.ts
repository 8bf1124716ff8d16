/** The CUDA packages that a TensorFlow wheel names, and which versions of them will do (PEP 440, as far as it is used there). Pure. */

export interface Requirement {
  readonly name: string;
  /** Each e.g. `>=12.5.82`. */
  readonly conditions: readonly string[];
}

/** A compiler for XLA, and random numbers that no kernel of TensorFlow draws: no graph of ours loads them. */
const NOT_LOADED = new Set(['nvidia-cuda-nvcc-cu12', 'nvidia-curand-cu12']);

/** From the lines of METADATA's Requires-Dist: the extra `and-cuda`. */
export function cudaRequirements(lines: readonly string[]): Requirement[] {
  return lines.flatMap((line) => {
    const match = /^([A-Za-z0-9._-]+)\s*\(?([^;)]*)\)?\s*;.*\band-cuda\b/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name?.startsWith('nvidia-') !== true || NOT_LOADED.has(name)) return [];
    return [{ name, conditions: (match?.[2] ?? '').split(',').map((condition) => condition.trim()).filter((condition) => condition !== '') }];
  });
}

/** Final releases only. */
export function satisfies(version: string, conditions: readonly string[]): boolean {
  if (!/^\d+(\.\d+)*(\.post\d+)?$/.test(version)) return false;
  return conditions.every((condition) => {
    const match = /^(===?|!=|<=|>=|<|>|~=)\s*([\d.*]+(?:\.post\d+)?)$/.exec(condition);
    if (match === null) return false;
    const [, operator, bound = ''] = match;
    const order = compare(version, bound.replace(/\.\*$/, ''));
    switch (operator) {
      case '<':
        return order < 0;
      case '<=':
        return order <= 0;
      case '>':
        return order > 0;
      case '>=':
        return order >= 0;
      case '!=':
        return order !== 0;
      case '~=':
        return order >= 0 && version.startsWith(`${bound.split('.').slice(0, -1).join('.')}.`);
      default:
        return bound.endsWith('.*') ? `${version}.`.startsWith(bound.slice(0, -1)) : order === 0;
    }
  });
}

function compare(a: string, b: string): number {
  const numbers = (version: string): number[] => version.replace('.post', '.').split('.').map(Number);
  const left = numbers(a);
  const right = numbers(b);
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
