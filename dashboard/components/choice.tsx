/** A labelled choice of one of a few. */
import type { JSX } from 'preact';

export interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (value: string) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps): JSX.Element {
  return (
    <label class="choice">
      {label}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {option.length > 60 ? `${option.slice(0, 59)}…` : option}
          </option>
        ))}
      </select>
    </label>
  );
}
