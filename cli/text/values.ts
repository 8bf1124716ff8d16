/** Values as people type them on a command line, each read as in a sweep file. Pure. */
import { readSource } from '../../coordinator/sweep/source.js';
import type { Json } from '../../proto/work.js';
import { BadInput } from '../exit.js';

/** One value; `none` is null. Throws BadInput, where `what` names the option. */
export function yamlValue(text: string, what: string): Json {
  return text.trim() === 'none' ? null : read(text, what, text);
}

/** `lr=0.003,0.001`: a name and values. Throws BadInput. */
export function namedValues(text: string, what: string): readonly [string, readonly Json[]] {
  const [name, written] = named(text, what);
  return [name, read(`[${written}]`, what, text) as readonly Json[]];
}

/** `trials=200`: a name and one value. Throws BadInput. */
export function namedValue(text: string, what: string): readonly [string, Json] {
  const [name, written] = named(text, what);
  return [name, yamlValue(written, what)];
}

/** `lr=0.003,batch=32`, a map, or a list of maps, as JSON or YAML. Throws BadInput. */
export function settings(text: string, what: string): readonly { readonly [name: string]: Json }[] {
  const isWritten = /^\s*[[{]/.test(text);
  if (!isWritten) return [Object.fromEntries(text.split(/,(?=\s*[\p{L}_$][\p{L}\p{N}_$]*\s*=)/u).map((part) => namedValue(part, what)))];
  const value = read(text, what, text);
  const maps: readonly Json[] = Array.isArray(value) ? (value as readonly Json[]) : [value];
  const wrong = maps.find((map) => typeof map !== 'object' || map === null || Array.isArray(map));
  if (wrong !== undefined || maps.length === 0) throw new BadInput(`${what}: found ${text}, expected settings such as lr=0.003,batch=32, or a map of them`);
  return maps as readonly { readonly [name: string]: Json }[];
}

function named(text: string, what: string): readonly [string, string] {
  const at = text.indexOf('=');
  const name = text.slice(0, at).trim();
  const written = text.slice(at + 1).trim();
  if (at < 0 || name === '' || written === '') throw new BadInput(`${what}: found ${text}, expected NAME=VALUE`);
  return [name, written];
}

function read(text: string, what: string, whole: string): Json {
  const { value, mistakes } = readSource(text);
  if (mistakes.length > 0) throw new BadInput(`${what}: found ${whole}, expected a value as in a sweep file`);
  return value as Json;
}
