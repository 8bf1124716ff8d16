/** Patterns of file names: *, ?, [abc], {a,b}, and ** over folders. */
import { BadInput } from '../exit.js';

const TOKENS = /\*\*\/|\*\*|\*|\?|\[[^\]]*\]|\{[^{}]*\}|[.+^$()|\\[\]{}]/g;

/** Whether a name has anything of a pattern in it. */
export function isPattern(name: string): boolean {
  return /[*?[{]/.test(name);
}

/** Throws BadInput; `whole` is what its message calls the pattern. */
export function patternExpression(pattern: string, whole = pattern): RegExp {
  try {
    return new RegExp(`^${pattern.replace(TOKENS, inRegExp)}$`, 'u');
  } catch {
    throw new BadInput(`${whole}: found a pattern that cannot be read, expected one of *, ?, [abc], {a,b} and **`);
  }
}

function inRegExp(token: string): string {
  if (token === '**/') return '(?:.*/)?';
  if (token === '**') return '.*';
  if (token === '*') return '[^/]*';
  if (token === '?') return '[^/]';
  if (token.length > 1 && token.startsWith('[')) return token.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
  if (token.length > 1 && token.startsWith('{')) return `(?:${token.slice(1, -1).split(',').map((choice) => choice.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`;
  return `\\${token}`;
}
