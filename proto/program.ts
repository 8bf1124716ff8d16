/** What a command and a module are told, as far as both sides must agree on it. */
import type { BlobId } from './work.js';

/** Raised where the same program would be told something else by the same settings; part of every key. */
export const PROGRAM_CONTRACT = 1;

/** What the submitting side found: the files of a command as one archive, or a module's code with all that it imports. */
export interface ProgramSource {
  readonly blob: BlobId;
  readonly bytes: number;
}

/** Variables of a command's environment that are not a hyperparameter's. */
export const PROGRAM_VARIABLES = ['TRAWL_SETTINGS', 'TRAWL_LOAD', 'TRAWL_SAVE', 'TRAWL_STOP', 'TRAWL_FROM', 'TRAWL_TO', 'TRAWL_SEED', 'TRAWL_REPLICATE', 'TRAWL_ATTEMPT'] as const;

/** `lr` is TRAWL_LR, `fcWidth` TRAWL_FC_WIDTH. */
export function variableOf(hyperparameter: string): string {
  const words = hyperparameter.replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1_$2');
  return `TRAWL_${words.replace(/[^\p{L}\p{N}]+/gu, '_').toUpperCase()}`;
}
