/** What is said between us and the process that runs a user's module. */
import type { Structure } from '../../proto/model-module.js';

export type ToModule = { readonly kind: 'load'; readonly bundle: string } | ({ readonly kind: 'build' } & Structure);

/** `value` is whatever the module has given, as JSON: it is checked by whoever asked. */
export type FromModule =
  /** `knobs` is null where the module exports none; `build` is the type of what it exports by that name. */
  | { readonly kind: 'loaded'; readonly build: string; readonly knobs: unknown }
  /** `what` describes it where it is nothing that JSON can hold. */
  | { readonly kind: 'built'; readonly value: unknown; readonly what: string }
  | { readonly kind: 'threw'; readonly message: string; readonly stack: string };
