/** A sweep file with some of its values replaced: comments and layout stay where YAML allows it. */
import { parseDocument } from 'yaml';
import { sameJson } from '../../proto/canonical.js';
import type { Json } from '../../proto/work.js';
import { isRawMap, type RawMap } from './draft.js';
import { readSource } from './source.js';

export interface Replacement {
  readonly path: readonly string[];
  /** Undefined takes the key out. */
  readonly value: Json | undefined;
}

/** `text` must be a readable sweep file. Maps on the way to a path are made where they are missing. */
export function rewrite(text: string, replacements: readonly Replacement[]): string {
  const raw = readSource(text).value;
  const wanted = replacements.reduce<RawMap>((file, { path, value }) => replaced(file, path, value), isRawMap(raw) ? raw : {});
  const kept = keepingLayout(text, replacements);
  // Through an alias, say, the text cannot be changed in place; what it says can.
  return kept !== null && sameJson(readSource(kept).value as Json, wanted as Json) ? kept : `${JSON.stringify(wanted, null, 2)}\n`;
}

function keepingLayout(text: string, replacements: readonly Replacement[]): string | null {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  try {
    for (const { path, value } of replacements) {
      if (value === undefined) document.deleteIn(path);
      else document.setIn(path, document.createNode(value, { flow: true }));
    }
    return document.toString({ lineWidth: 0 });
  } catch {
    return null;
  }
}

function replaced(map: RawMap, path: readonly string[], value: Json | undefined): RawMap {
  const [name = '', ...rest] = path;
  const inner = map[name];
  if (rest.length > 0) {
    // A section that is written as one value (`data: ./images`) is none of those that are changed.
    return value === undefined && !isRawMap(inner) ? map : { ...map, [name]: replaced(isRawMap(inner) ? inner : {}, rest, value) };
  }
  const others = Object.fromEntries(Object.entries(map).filter(([key]) => key !== name));
  if (value === undefined) return others;
  return Object.hasOwn(map, name) ? { ...map, [name]: value } : { ...others, [name]: value };
}
