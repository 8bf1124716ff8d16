/** What was heard of a trial's attempts while they run, and how it stands beside what is kept of those that have ended. Pure. */
import type { LogAttempt, LogMessages, TrialDetail } from '../../api/types.js';
import { epochsText, isolated, time } from '../../text/format.js';
import { linesOf, NO_LINES, withText, type LogLines } from '../../text/log-text.js';

export interface Heard {
  /** Null where its texts came first, as those of one that has ended do. */
  readonly told: LogAttempt | null;
  readonly log: LogLines;
}

/** By attempt. */
export type HeardLogs = ReadonlyMap<string, Heard>;

export function withAttempt(heard: HeardLogs, told: LogAttempt): HeardLogs {
  return new Map(heard).set(told.attempt, { told, log: heard.get(told.attempt)?.log ?? NO_LINES });
}

export function withHeardText(heard: HeardLogs, text: LogMessages['text']): HeardLogs {
  const before = heard.get(text.attempt);
  return new Map(heard).set(text.attempt, { told: before?.told ?? null, log: withText(before?.log ?? NO_LINES, text) });
}

export interface Section {
  readonly attempt: string;
  readonly heading: string;
  /** Why there is nothing, or not all of it; '' for no reason. */
  readonly note: string;
  readonly log: LogLines;
}

/** In the order in which they were leased; those that are told of before they are listed come last. */
export function sectionsOf({ attempts }: Pick<TrialDetail, 'attempts'>, heard: HeardLogs): Section[] {
  const listed = new Set(attempts.map(({ attempt }) => attempt));
  const known = attempts.flatMap(({ attempt, name, from, to, outcome, startedAt, endedAt, log: kept }): Section[] => {
    const live = heard.get(attempt);
    const ended = outcome === null ? '' : `, ended ${time(endedAt)}: ${outcome}`;
    const heading = `${epochsText(from, to)} on ${isolated(name)}${ended}`;
    // What was read to its end has more than what is kept.
    if (live !== undefined && (outcome === null || (live.told?.state === 'ended' && live.log.lines.length > 0))) return [{ attempt, heading, note: outcome === null ? noteOf(live) : '', log: live.log }];
    if (outcome === null) return startedAt === null ? [] : [{ attempt, heading, note: 'it has printed nothing yet', log: NO_LINES }];
    return kept === '' ? [] : [{ attempt, heading, note: '', log: linesOf(kept) }];
  });
  const unlisted = [...heard].flatMap(([attempt, live]): Section[] => {
    const { told, log } = live;
    return listed.has(attempt) || told === null ? [] : [{ attempt, heading: `${epochsText(told.from, told.to)} on ${isolated(told.name)}`, note: noteOf(live), log }];
  });
  return [...known, ...unlisted];
}

function noteOf({ told, log }: Heard): string {
  switch (told?.state) {
    case 'untold':
      return 'this worker has a version of trawl that cannot show its log while it runs; its end comes when it has ended';
    case 'crowded':
      return 'too many logs are read now to show this one too; its end comes when it has ended';
    default:
      return log.lines.length === 0 ? 'it has printed nothing yet' : '';
  }
}
