/**
 * Runs a user's module: nothing else of ours does. It has no credentials in its environment, limited
 * memory, and whoever asks sets the time limits; a lifeline ends it even in an endless loop.
 */
// First: see there.
import '../../proto/parent.js';
import { pathToFileURL } from 'node:url';
import { holdLifeline } from '../../proto/lifeline.js';
import type { FromModule, ToModule } from './protocol.js';

type Build = (settings: unknown, input: unknown) => unknown;

let build: unknown;

function say(message: FromModule): void {
  process.send?.([message]);
}

async function load(bundle: string): Promise<void> {
  const module = (await import(pathToFileURL(bundle).href)) as { readonly [name: string]: unknown };
  build = module.build;
  say({ kind: 'loaded', build: typeof build, knobs: module.knobs ?? null });
}

async function make({ settings, input }: Extract<ToModule, { kind: 'build' }>): Promise<void> {
  const model: unknown = await (build as Build)(settings, input);
  const what = model === null ? 'null' : model === undefined ? 'nothing' : `a ${typeof model}`;
  const value = asData(model);
  say({ kind: 'built', value: value ?? null, what });
}

/** Of a tf.layers model its topology; plain data as they are. */
function asData(model: unknown): unknown {
  if (typeof model !== 'object' || model === null) return model;
  if (!('toJSON' in model) || typeof model.toJSON !== 'function') return model;
  // tf.layers: toJSON(unused, returnString).
  const written: unknown = (model.toJSON as (unused: null, returnString: boolean) => unknown)(null, false);
  return typeof written === 'string' ? (JSON.parse(written) as unknown) : written;
}

function threw(error: unknown): void {
  const known = error instanceof Error;
  const [message, stack] = known ? [`${error.name}: ${error.message}`, error.stack ?? ''] : [String(error), ''];
  say({ kind: 'threw', message, stack });
}

process.on('uncaughtException', threw);
process.on('unhandledRejection', threw);
// Before any of the module's code runs; what is said meanwhile waits for a listener.
await holdLifeline();
process.on('message', (messages) => {
  for (const message of messages as ToModule[]) (message.kind === 'load' ? load(message.bundle) : make(message)).catch(threw);
});
