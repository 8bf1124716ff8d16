/** Connections without TLS to others than this machine: refused, unless a person says --insecure. */
import { isLoopback } from '../proto/addresses.js';

/** The mistake, in one line; null where nobody but this machine is reached at these hosts. `found`: without secrets. */
export function plainMistake(source: string, found: string, hosts: readonly string[], remedy: string): string | null {
  if (hosts.every(isLoopback)) return null;
  return `${source}: found ${found}, which others reach, without TLS: tokens and data would cross the network as they are; ${remedy}, or say --insecure on a network that you trust`;
}
