import { createHash } from 'node:crypto';
import type { Device } from '../native/found.js';

/** Raised with every change here that moves numbers: part of `numerics`. */
export const EAGER_FORMAT = 1;

/** Of @tensorflow/tfjs-core and -layers, which come with trawl. A test holds it against what is installed. */
export const TFJS_VERSION = '4.22.0';

/** What decides the last bits. `tensorflow` is the version of libtensorflow, `kernels` that of tfjs-node. */
export interface EagerParts {
  readonly tensorflow: string;
  readonly device: Device;
  readonly kernels: string;
}

/** `eager:VERSION:DEVICE:DIGEST`: of libtensorflow; of tf.layers, tfjs-node and what is made of them here. */
export function eagerNumerics({ tensorflow, device, kernels }: EagerParts): string {
  const digest = createHash('sha256').update(`trawl-eager/${EAGER_FORMAT}/${TFJS_VERSION}/${kernels}`).digest('hex').slice(0, 16);
  return `eager:${tensorflow}:${device}:${digest}`;
}
