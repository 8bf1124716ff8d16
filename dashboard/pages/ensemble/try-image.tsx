/** A box to drop an image into: what the ensemble says of it. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ApiError, asApiError } from '../../api/api-error.js';
import { ask } from '../../api/client.js';
import type { PredictionView } from '../../api/types.js';
import { DropBox } from '../../components/drop-box.js';
import { Failed, Loading, Panel } from '../../components/panel.js';
import { ProgressBar } from '../../components/state-badge.js';
import { metric, probability } from '../../text/format.js';

/** As coordinator/api/routes/models.ts has it. */
const MOST_BYTES = 20_000_000;
/** Another decoder moves the last digits; more is another model (`trawl predict` warns from there on). */
const TOLERANCE = 1e-3;

type Said =
  | { readonly state: 'nothing' }
  | { readonly state: 'asking' }
  | { readonly state: 'failed'; readonly error: ApiError }
  | { readonly state: 'said'; readonly name: string; readonly url: string; readonly prediction: PredictionView };

export function TryImage({ sweep }: { readonly sweep: string }): JSX.Element {
  const said = useSignal<Said>({ state: 'nothing' });
  const show = (next: Said): void => {
    const before = said.peek();
    if (before.state === 'said') URL.revokeObjectURL(before.url);
    said.value = next;
  };
  // Of the image that was dropped last, until the viewer leaves.
  const asking = useRef<AbortController | null>(null);
  useEffect(() => () => {
    asking.current?.abort();
    show({ state: 'nothing' });
  }, []);
  const tell = async (file: File): Promise<void> => {
    asking.current?.abort();
    const { signal } = (asking.current = new AbortController());
    show({ state: 'asking' });
    try {
      if (file.size > MOST_BYTES) throw new ApiError('BadRequest', `${file.name.slice(0, 200)} has ${(file.size / 1e6).toFixed(1)} MB; an image may have at most ${MOST_BYTES / 1e6} MB`, 0);
      const prediction = await ask('POST /sweeps/:sweep/ensemble/predictions', { at: { sweep }, body: { image: await base64(file) }, signal });
      if (!signal.aborted) show({ state: 'said', name: file.name, url: URL.createObjectURL(file), prediction });
    } catch (error) {
      if (!signal.aborted) show({ state: 'failed', error: asApiError(error) });
    }
  };
  return (
    <Panel title="Try an image">
      <div class="stack">
        <DropBox id="image" accept="image/*,.tif,.tiff" onFile={(file) => void tell(file)}>
          Drop an image here, or choose one; the ensemble says what it is, as <code>trawl predict</code> does.
        </DropBox>
        <div aria-live="polite">
          <Answer said={said.value} />
        </div>
      </div>
    </Panel>
  );
}

function Answer({ said }: { readonly said: Said }): JSX.Element | null {
  if (said.state === 'nothing') return null;
  if (said.state === 'asking') return <Loading what="the models" />;
  if (said.state === 'failed') return <Failed error={said.error} />;
  const { name, url, prediction } = said;
  return (
    <div class="stack">
      <div class="tried">
        <img src={url} alt={name.slice(0, 200)} />
        <p dir="auto">
          <strong>{prediction.class.slice(0, 200)}</strong> <span class="muted small">{name.slice(0, 200)}</span>
        </p>
      </div>
      <dl class="bars">
        {prediction.probabilities.toSorted((a, b) => b.probability - a.probability).slice(0, 20).map((each) => (
          <div key={each.class}>
            <dt dir="auto">{each.class.slice(0, 200)}</dt>
            <dd>{probability(each.probability)}</dd>
            <dd class="progress-line">
              <ProgressBar label={`Probability of ${each.class.slice(0, 60)}`} done={each.probability} total={1} />
            </dd>
          </div>
        ))}
      </dl>
      {prediction.selfCheck !== null && prediction.selfCheck > TOLERANCE && <p class="small">The coordinator's machine predicts the bundle's own images with a difference of {metric(prediction.selfCheck)}: its image decoder or engine differs from the one that the models were trained with.</p>}
    </div>
  );
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  // In pieces: an argument list has its limits.
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}
