/** Modal dialogs. What changes a sweep asks once, in one, and says there why it failed. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { ApiError } from '../api/api-error.js';
import { asApiError } from '../api/api-error.js';
import { Mistakes } from './mistakes.js';

export interface DialogProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Open as long as it is rendered; the browser keeps the focus inside and gives it back. */
export function Dialog({ title, wide = false, onClose, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'wide' : ''}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
      </div>
      {children}
    </dialog>
  );
}

export interface ConfirmDialogProps {
  readonly title: string;
  /** What the button says: the deed, never `OK`. */
  readonly deed: string;
  readonly danger?: boolean;
  readonly wide?: boolean;
  readonly isReady?: boolean;
  /** What would be done: once it is something else, why the last attempt failed is gone. */
  readonly about?: string;
  /** Closes the dialog when it settles well, unless there is something to be read first. */
  readonly onConfirm: () => Promise<string | null>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function ConfirmDialog({ title, deed, danger = false, wide = false, isReady = true, about, onConfirm, onClose, children }: ConfirmDialogProps): JSX.Element {
  const isBusy = useSignal(false);
  const failure = useSignal<ApiError | null>(null);
  const told = useSignal<string | null>(null);
  useEffect(() => {
    failure.value = null;
  }, [about]);
  const confirm = async (): Promise<void> => {
    isBusy.value = true;
    failure.value = null;
    try {
      told.value = await onConfirm();
      if (told.value === null) onClose();
    } catch (error) {
      failure.value = asApiError(error);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <Dialog title={title} wide={wide} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (told.value !== null) onClose();
          else if (!isBusy.value && isReady) void confirm();
        }}
      >
        <div class="dialog-body">
          {told.value === null ? children : <p role="status">{told.value}</p>}
          {failure.value !== null && <Mistakes error={failure.value} />}
        </div>
        <div class="dialog-foot">
          {told.value === null && (
            <button type="button" onClick={onClose}>
              Cancel
            </button>
          )}
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={isBusy.value || !isReady}>
            {told.value === null ? deed : 'Close'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
