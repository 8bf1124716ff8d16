import type { JSX } from 'preact';
import { seenImage } from '../api/images.js';
import type { TrialDetail } from '../api/types.js';
import { RemoteImage } from './remote-image.js';

export interface SeenImageProps {
  readonly detail: TrialDetail;
  /** In the manifest of the sweep's data. */
  readonly index: number;
  readonly alt: string;
}

/** An image as the trial's model sees it; nothing for a trial that sees none. */
export function SeenImage({ detail: { sweep, plan: { trajectory } }, index, alt }: SeenImageProps): JSX.Element | null {
  if (sweep.data === null || !('input' in trajectory)) return null;
  return <RemoteImage path={seenImage(sweep.data.manifest, index, { sweep: sweep.id, size: trajectory.input.width })} alt={alt} pixelated />;
}
