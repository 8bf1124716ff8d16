/** What the trial's attempts print: as it comes while they run, and the end of it afterwards. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { LogStream, type LogConnection } from '../../api/live-log.js';
import type { LogAttempt, TrialDetail } from '../../api/types.js';
import { Empty, Panel } from '../../components/panel.js';
import { place, setQuery } from '../../state/location.js';
import { download } from '../../text/download.js';
import { count, epochsText, isolated, time } from '../../text/format.js';
import { fileText, foundIn, leftOutText, linesOf, NO_LINES, saying, shownLine, withText, type LogLines } from '../../text/log-text.js';

/** Drawn at most, the newest. */
const MOST_DRAWN = 1_000;
/** As near to its end, a log that grows stays at its end. */
const END_PX = 24;

interface Heard {
  readonly told: LogAttempt;
  readonly log: LogLines;
}

interface Section {
  readonly attempt: string;
  readonly heading: string;
  /** Why there is nothing, or not all of it; '' for no reason. */
  readonly note: string;
  readonly log: LogLines;
}

export function Log({ detail }: { readonly detail: TrialDetail }): JSX.Element {
  const { sweep, trial } = detail;
  const isOpen = ['queued', 'running', 'paused'].includes(trial.state);
  const heard = useSignal<ReadonlyMap<string, Heard>>(new Map());
  const state = useSignal<LogConnection>('connecting');
  const isPaused = useSignal(false);
  const position = useRef('');
  const follows = isOpen && !isPaused.value;
  useEffect(() => {
    if (!follows) return undefined;
    state.value = 'connecting';
    const change = (attempt: string, changed: (before: Heard | undefined) => Heard | undefined): void => {
      const next = changed(heard.peek().get(attempt));
      if (next !== undefined) heard.value = new Map(heard.peek()).set(attempt, next);
    };
    const stream = new LogStream(trial.id, position.current, {
      attempt: (told) => change(told.attempt, (before) => ({ told, log: before?.log ?? NO_LINES })),
      text: (text) => change(text.attempt, (before) => before && { ...before, log: withText(before.log, text) }),
      state: (now) => (state.value = now),
    });
    return () => {
      position.current = stream.position;
      stream.close();
    };
  }, [trial.id, follows]);
  const sections = sectionsOf(detail, heard.value);
  const hasLines = sections.some(({ log }) => log.lines.length > 0);
  const save = (): void => download(`${sweep.name}-trial-${trial.number}.log`, sections.map(({ heading, note, log }) => `# ${heading}${note === '' ? '' : ` (${note})`}\n${fileText(log)}`).join('\n'), 'text/plain');
  return (
    <Panel
      title="Log"
      tools={
        <>
          <span class="small muted" role="status">
            {isOpen ? stateText(isPaused.value, state.value) : ''}
          </span>
          {isOpen && (
            <button type="button" onClick={() => (isPaused.value = !isPaused.value)}>
              {isPaused.value ? 'Follow' : 'Pause'}
            </button>
          )}
          {hasLines && (
            <button type="button" onClick={save}>
              Download
            </button>
          )}
        </>
      }
    >
      {sections.length === 0 ? <Empty>{isOpen ? 'Nothing of this trial runs now: what is printed shows here once it does.' : 'None of its attempts has printed anything.'}</Empty> : <Lines sections={sections} />}
    </Panel>
  );
}

function stateText(isPaused: boolean, state: LogConnection): string {
  if (isPaused) return 'Paused';
  if (state === 'live') return 'Live';
  return state === 'cut' ? 'Cut off, connecting again' : state === 'over' ? '' : 'Connecting';
}

/** In the order in which they were leased; those that are told of before they are listed come last. */
function sectionsOf({ attempts }: TrialDetail, heard: ReadonlyMap<string, Heard>): Section[] {
  const listed = new Set(attempts.map(({ attempt }) => attempt));
  const known = attempts.flatMap(({ attempt, name, from, to, outcome, startedAt, endedAt, log: kept }): Section[] => {
    const live = heard.get(attempt);
    const ended = outcome === null ? '' : `, ended ${time(endedAt)}: ${outcome}`;
    const heading = `${epochsText(from, to)} on ${isolated(name)}${ended}`;
    // What was read to its end has more than what is kept.
    if (live !== undefined && (outcome === null || (live.told.state === 'ended' && live.log.lines.length > 0))) return [{ attempt, heading, note: outcome === null ? noteOf(live) : '', log: live.log }];
    if (outcome === null) return startedAt === null ? [] : [{ attempt, heading, note: 'it has printed nothing yet', log: NO_LINES }];
    return kept === '' ? [] : [{ attempt, heading, note: '', log: linesOf(kept) }];
  });
  const unlisted = [...heard.values()].filter(({ told }) => !listed.has(told.attempt)).map((live) => ({ attempt: live.told.attempt, heading: `${epochsText(live.told.from, live.told.to)} on ${isolated(live.told.name)}`, note: noteOf(live), log: live.log }));
  return [...known, ...unlisted];
}

function noteOf({ told, log }: Heard): string {
  switch (told.state) {
    case 'untold':
      return 'this worker has a version of trawl that cannot show its log while it runs; its end comes when it has ended';
    case 'crowded':
      return 'too many logs are read now to show this one too; its end comes when it has ended';
    default:
      return log.lines.length === 0 ? 'it has printed nothing yet' : '';
  }
}

function Lines({ sections }: { readonly sections: readonly Section[] }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useSignal(true);
  const wanted = place.value.query.get('find') ?? '';
  const drawn = sections.map((section) => {
    const found = saying(section.log).flatMap((line) => {
      const pieces = foundIn(line.leftOut === null ? shownLine(line.raw) : leftOutText(line.leftOut), wanted);
      return pieces === null ? [] : [{ line, pieces }];
    });
    return { ...section, found: found.slice(-MOST_DRAWN), count: found.length };
  });
  const total = drawn.reduce((sum, { count: lines }) => sum + lines, 0);
  const isCut = drawn.some(({ found, count: lines, log }) => lines > found.length || log.dropped > 0);
  const toEnd = (): void => {
    isAtEnd.value = true;
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  };
  useLayoutEffect(() => {
    if (isAtEnd.peek() && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  });
  return (
    <>
      <div class="toolbar spaced">
        <input type="search" class="grow" aria-label="Find in the log" placeholder="Find in the log" value={wanted} onInput={(event) => setQuery({ find: event.currentTarget.value }, { replace: true })} />
        <span class="small muted">
          {count(total, wanted === '' ? 'line' : 'line with it', wanted === '' ? 'lines' : 'lines with it')}
          {isCut && `; of each attempt the last ${count(MOST_DRAWN, 'line')} are shown`}
        </span>
        {!isAtEnd.value && (
          <button type="button" onClick={toEnd}>
            Jump to the end
          </button>
        )}
      </div>
      <div
        ref={box}
        class="log lines"
        role="log"
        aria-label="What its attempts print"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => (isAtEnd.value = scrollHeight - scrollTop - clientHeight < END_PX)}
      >
        {drawn.map(({ attempt, heading, note, found }) => (
          <div key={attempt}>
            <div class="log-head">
              {heading}
              {note !== '' && <span class="muted">: {note}</span>}
            </div>
            {found.map(({ line, pieces }) => (
              <div key={line.number} class={line.leftOut === null ? 'log-line' : 'log-line muted'} dir="ltr">
                {pieces.map(({ text, isFound }, index) => (isFound ? <mark key={index}>{text}</mark> : text))}
              </div>
            ))}
          </div>
        ))}
      </div>
    </>
  );
}
