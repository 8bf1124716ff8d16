/**
 * A field that is taken when it is left or Enter is pressed, and, where it `followsTyping`, at each pause. What is being typed is kept here: a page that is
 * drawn anew meanwhile, as a live one is again and again, would put the old value over it.
 */
import { useSignal } from '@preact/signals';
import type { JSX, TargetedEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { CLOCK } from '../state/clock.js';
import { PAUSE_MS } from '../state/typing.js';

export interface DraftInputProps extends Pick<JSX.IntrinsicElements['input'], 'id' | 'class' | 'placeholder' | 'maxLength' | 'aria-label' | 'aria-describedby'> {
  readonly kind?: 'text' | 'search' | 'number';
  readonly followsTyping?: boolean;
  readonly value: string | number;
  /** `isDone`: the field was left, or Enter pressed. */
  readonly onCommit: (text: string, isDone: boolean) => void;
}

export function DraftInput({ kind = 'text', followsTyping = false, value, onCommit, ...others }: DraftInputProps): JSX.Element {
  const draft = useSignal<string | null>(null);
  const cancel = useRef<() => void>(() => undefined);
  useEffect(() => () => cancel.current(), []);
  const commit = (text: string, isDone: boolean): void => {
    cancel.current();
    onCommit(text, isDone);
    draft.value = null;
  };
  const field = {
    ...others,
    value: draft.value ?? value,
    onInput: (event: TargetedEvent<HTMLInputElement>): void => {
      const text = event.currentTarget.value;
      draft.value = text;
      cancel.current();
      if (followsTyping) cancel.current = CLOCK.after(PAUSE_MS, () => commit(text, false));
    },
    onChange: (event: TargetedEvent<HTMLInputElement>): void => {
      commit(event.currentTarget.value, true);
    },
  };
  if (kind === 'number') return <input type="number" step="any" {...field} />;
  return kind === 'search' ? <input type="search" {...field} /> : <input type="text" {...field} />;
}
