import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { fetchFile, segment } from '../../api/client.js';
import type { TrialDetail } from '../../api/types.js';

export interface SeenProps {
  readonly detail: TrialDetail;
  /** In the manifest of the sweep's data. */
  readonly index: number;
  readonly alt: string;
}

/** An image as the trial's network sees it. */
export function Seen({ detail: { sweep, plan }, index, alt }: SeenProps): JSX.Element {
  const { trajectory } = plan;
  const size = trajectory.trainable === 'image-classifier' ? trajectory.input.width : 0;
  const path = `/datasets/${segment(sweep.data?.manifest ?? '')}/images/${index}?sweep=${segment(sweep.id)}&size=${size}`;
  const url = useSignal<string | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    let made: string | null = null;
    fetchFile(path, controller.signal).then(
      (image) => {
        if (!controller.signal.aborted) url.value = made = URL.createObjectURL(image);
      },
      (error: unknown) => {
        if (!controller.signal.aborted) problem.value = error instanceof Error ? error.message : String(error);
      },
    );
    return () => {
      controller.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [path]);
  if (url.value === null) return <div class="blank small" role="img" aria-label={alt}>{problem.value}</div>;
  return <img src={url.value} width={size} height={size} alt={alt} />;
}
