/** Trials that failed, by the class of their failure, with the end of what each one's process said. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { Results, TrialResult } from '../../api/types.js';
import { Empty, Shown } from '../../components/panel.js';
import { useResource } from '../../state/resource.js';
import { count, setting } from '../../text/format.js';

/** Of one class, until more are asked for. */
const FIRST = 5;

export function Failures({ results }: { readonly results: Results }): JSX.Element {
  const failed = results.trials.filter(({ failure }) => failure !== null);
  if (failed.length === 0) return <Empty>No trial has failed.</Empty>;
  const classes = [...new Set(failed.map(({ failure }) => failure?.class ?? ''))];
  return (
    <>
      {classes.map((name) => (
        <FailureClass key={name} name={name} trials={failed.filter(({ failure }) => failure?.class === name)} />
      ))}
    </>
  );
}

function FailureClass({ name, trials }: { readonly name: string; readonly trials: readonly TrialResult[] }): JSX.Element {
  const isAll = useSignal(false);
  const shown = isAll.value ? trials.slice(0, 500) : trials.slice(0, FIRST);
  return (
    <section class="failures">
      <h3>
        {name}: {count(trials.length, 'trial')}
      </h3>
      {shown.map((trial) => (
        <FailedTrial key={trial.id} trial={trial} />
      ))}
      {shown.length < trials.length && !isAll.value && (
        <button type="button" onClick={() => (isAll.value = true)}>
          {trials.length > 500 ? 'Show the first 500' : `Show all ${trials.length}`}
        </button>
      )}
    </section>
  );
}

function FailedTrial({ trial }: { readonly trial: TrialResult }): JSX.Element {
  const isOpen = useSignal(false);
  return (
    <details onToggle={(event) => (isOpen.value = event.currentTarget.open)}>
      <summary>
        <span class="mono">#{trial.number}</span> <span dir="auto">{(trial.failure?.message ?? '').slice(0, 400)}</span>
      </summary>
      <p class="small muted">{Object.entries(trial.settings).map(([key, value]) => `${key} ${setting(value)}`).join(', ').slice(0, 1_000)}</p>
      {isOpen.value && <LogTail trial={trial.id} />}
    </details>
  );
}

/** Of its last attempt that said anything. */
function LogTail({ trial }: { readonly trial: string }): JSX.Element {
  const { resource, reload } = useResource(`trial ${trial}`, (signal) => ask('GET /trials/:trial', { at: { trial }, signal }));
  return (
    <Shown what="the log" of={resource} retry={reload}>
      {({ attempts }) => {
        const last = attempts.findLast(({ log }) => log !== '') ?? attempts.at(-1);
        if (last === undefined) return <p class="small muted">No attempt of its own is recorded.</p>;
        return (
          <>
            <p class="small muted">
              {last.worker}, epochs {last.from} to {last.to - 1}: {last.outcome ?? 'in progress'}
            </p>
            {last.log === '' ? <p class="small muted">Its process said nothing.</p> : <pre class="log">{last.log.slice(-8_000)}</pre>}
          </>
        );
      }}
    </Shown>
  );
}
