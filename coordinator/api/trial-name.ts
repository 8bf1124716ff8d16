/** Names that people have for trials, beside their ids. Pure. */

export interface TrialName {
  /** Id or name. */
  readonly sweep: string;
  readonly number: number;
}

/** SWEEP/NUMBER, or SWEEP#NUMBER as it stands where trials are told of; null for anything else. */
export function readTrialName(text: string): TrialName | null {
  const [, sweep, number] = /^(.+)[/#](\d+)$/.exec(text) ?? [];
  return sweep === undefined ? null : { sweep, number: Number(number) };
}
