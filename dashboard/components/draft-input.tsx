/**
 * A field that is taken when it is left or Enter is pressed. What is being typed is kept here: a page that is
 * drawn anew meanwhile, as a live one is again and again, would put the old value over it.
 */
import { useSignal } from '@preact/signals';
import type { JSX, TargetedEvent } from 'preact';

export interface DraftInputProps extends Pick<JSX.IntrinsicElements['input'], 'id' | 'class' | 'placeholder' | 'aria-label' | 'aria-describedby'> {
  readonly kind?: 'text' | 'search' | 'number';
  readonly value: string | number;
  readonly onCommit: (text: string) => void;
}

export function DraftInput({ kind = 'text', value, onCommit, ...others }: DraftInputProps): JSX.Element {
  const draft = useSignal<string | null>(null);
  const field = {
    ...others,
    value: draft.value ?? value,
    onInput: (event: TargetedEvent<HTMLInputElement>): void => {
      draft.value = event.currentTarget.value;
    },
    onChange: (event: TargetedEvent<HTMLInputElement>): void => {
      onCommit(event.currentTarget.value);
      draft.value = null;
    },
  };
  if (kind === 'number') return <input type="number" step="any" {...field} />;
  return kind === 'search' ? <input type="search" {...field} /> : <input type="text" {...field} />;
}
