/** What is wrong with something that was written, a line for each mistake. */
import type { JSX } from 'preact';
import type { ApiError } from '../api/api-error.js';
import { mistakesOf } from '../text/mistakes.js';

export interface MistakesProps {
  readonly error: ApiError;
  /** Shows a line of what was written. */
  readonly onLine?: (line: number) => void;
}

export function Mistakes({ error, onLine }: MistakesProps): JSX.Element {
  return (
    <div role="alert">
      <ul class="mistakes">
        {mistakesOf(error.message).map(({ line, text }, index) => (
          <li key={index}>
            {line !== null &&
              (onLine === undefined ? (
                `Line ${line}: `
              ) : (
                <button type="button" class="plain" onClick={() => onLine(line)}>
                  Line {line}
                </button>
              ))}
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}
