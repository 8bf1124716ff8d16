/** Why a preview was refused: what is wrong with what was written, or a coordinator that does not answer now and can be asked again. */
import type { JSX } from 'preact';
import { Mistakes, type MistakesProps } from './mistakes.js';
import { Failed } from './panel.js';

export interface RefusedProps extends MistakesProps {
  /** Asks again, where that can help. */
  readonly retry: () => void;
}

export function Refused({ error, retry, ...others }: RefusedProps): JSX.Element {
  const { status } = error;
  return status === 0 || status === 429 || status >= 500 ? <Failed error={error} retry={retry} /> : <Mistakes error={error} {...others} />;
}
