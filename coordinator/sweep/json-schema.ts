import * as z from 'zod';
import { sweepFile } from './schema.js';

/** The JSON Schema (draft 7, which editors' YAML support reads) of a sweep file. */
export function sweepJsonSchema(): { readonly [field: string]: unknown } {
  return { title: 'trawl sweep file', ...z.toJSONSchema(sweepFile, { target: 'draft-7', io: 'output' }) };
}
