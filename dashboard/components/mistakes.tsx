/** What is wrong with something that was written, a line for each mistake. */
import type { JSX } from 'preact';
import type { ApiError } from '../api/api-error.js';

export interface Mistake {
  /** From 1; null where it is about no line. */
  readonly line: number | null;
  readonly text: string;
}

/** `FILE:line:column: field: found …` as the coordinator says it, one mistake a line. */
export function mistakesOf(message: string): Mistake[] {
  return message.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const [, row, rest] = /^[^:\n]*:(\d+):\d+: (.*)$/s.exec(line) ?? [];
    return row === undefined || rest === undefined ? { line: null, text: line } : { line: Number(row), text: rest };
  });
}

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
