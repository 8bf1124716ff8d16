/** The native engine that TRAWL_TEST_NATIVE names, as for the tests: a folder that `trawl engine install` left. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { javascriptIn } from '../../worker/engine/native/found.js';
import type { NativePlace } from '../../worker/engine/native/load.js';

export function nativeOfTests(): NativePlace | null {
  const folder = process.env.TRAWL_TEST_NATIVE;
  if (folder === undefined) return null;
  const addon = join(folder, 'addon', 'tfjs_binding.node');
  if (!existsSync(addon)) throw new Error(`TRAWL_TEST_NATIVE=${folder}: no ${addon}`);
  return { name: basename(folder), device: 'cpu', addon, javascript: javascriptIn(join(folder, 'tfjs-node')), folder };
}
