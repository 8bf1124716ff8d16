/** Drains a worker, or ends its quarantine: asks once, and says what came of it. */
import type { JSX } from 'preact';
import { ask } from '../../api/client.js';
import type { WorkerView } from '../../api/types.js';
import { ConfirmDialog } from '../../components/dialog.js';
import { isolated, shortened } from '../../text/format.js';

export interface WorkerDeed {
  readonly kind: 'drain' | 'release';
  readonly worker: WorkerView;
}

export interface WorkerDialogProps {
  readonly deed: WorkerDeed;
  /** Told when it was done. */
  readonly changed: () => void;
  readonly onClose: () => void;
}

export function WorkerDialog({ deed: { kind, worker }, changed, onClose }: WorkerDialogProps): JSX.Element {
  const name = isolated(shortened(worker.name));
  if (kind === 'release') {
    return (
      <ConfirmDialog
        title={`Release ${name}?`}
        deed="Release"
        onClose={onClose}
        onConfirm={async () => {
          const { released } = await ask('POST /workers/:worker/release', { at: { worker: worker.id } });
          changed();
          return released ? null : `${name} was not in quarantine any more.`;
        }}
      >
        <p>It is given work again at once. Where that fails as before, it goes back into quarantine.</p>
      </ConfirmDialog>
    );
  }
  return (
    <ConfirmDialog
      title={`Drain ${name}?`}
      deed="Drain"
      danger
      onClose={onClose}
      onConfirm={async () => {
        const { leaves } = await ask('POST /workers/:worker/drain', { at: { worker: worker.id } });
        changed();
        return leaves ? null : `${name} is of an older version: it gives everything back, and stays without work until it is stopped.`;
      }}
    >
      <p>It finishes the epochs in progress, gives the rest back for others to take, and leaves. It comes back when it is started again.</p>
    </ConfirmDialog>
  );
}
